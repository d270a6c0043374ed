import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { listStacks } from "../apply/list-stacks.ts";
import { planInit } from "./init/plan-init.ts";
import { isStackName, listStackFiles, type Program, printable, readProgram } from "./init/read-program.ts";
import { renderChange, renderNext, renderPlan } from "./init/render-plan.ts";
import { writePlanned } from "./init/write-plan.ts";
import { findStack, requireProgram } from "./local/find-stack.ts";
import { type LocalFlags, type LocalOutside, localOutside } from "./local/flags.ts";
import { UsageError } from "./usage-error.ts";

export type InitFlags = Pick<LocalFlags, "dir" | "stack" | "json"> & { url?: string; yes?: boolean };

/** Where `init` shows its plan. `ask` is null where nobody can be asked. */
export type InitTerminal = {
  show: (text: string) => void;
  ask: ((question: string) => Promise<string>) | null;
};

/**
 * `pulumiscale init`: shows what a program lacks to be scaled, and writes it once that is wanted: `--yes`, or a person's word. Answers
 * the exit code. A second run finds nothing missing. The secret's value is shown to nobody.
 */
export async function runInit(
  flags: InitFlags,
  outside: LocalOutside = localOutside(),
  terminal: InitTerminal = processTerminal(),
): Promise<number> {
  const url = parseUrl(flags.url ?? "http://127.0.0.1:3000");
  await requireProgram(resolve(flags.dir ?? "."));
  const program = await readProgram(flags.dir ?? ".");
  const stack = await chooseStack(flags, program, outside);
  const secret = randomBytes(32).toString("hex");
  outside.hide(secret);
  const plan = await planInit({ program, stack, url, secret }, outside);
  if (!flags.json) terminal.show(renderPlan(plan));
  const wanted = plan.writes.length > 0 && (await isWanted(flags, terminal));
  if (wanted) for (const write of plan.writes) await writePlanned(write, program);
  if (flags.json) {
    const writes = plan.writes.map((write) => ({
      file: write.name,
      purpose: write.purpose,
      kind: write.before === null ? "new" : "changed",
      [write.before === null ? "text" : "diff"]: renderChange(write),
    }));
    terminal.show(JSON.stringify({ ...plan, writes, written: wanted }, null, 2));
    return plan.problems.length > 0 && (wanted || plan.writes.length === 0) ? 1 : 0;
  }
  const names = plan.writes.map(({ name }) => printable(name)).join(", ");
  if (wanted) terminal.show(`\nWritten: ${names}`);
  else if (plan.writes.length > 0) terminal.show("\nNothing was written. Run it with --yes to write this.");
  const next = renderNext(plan);
  if (next !== "" && (wanted || plan.writes.length === 0)) terminal.show(`\n${next}`);
  return plan.problems.length > 0 && (wanted || plan.writes.length === 0) ? 1 : 0;
}

/** The stack that was named or is selected, else the only one that has a stack file. */
async function chooseStack(flags: InitFlags, program: Program, outside: LocalOutside): Promise<string> {
  const { environment, signal } = outside;
  if (flags.stack === undefined) {
    const stacks = await listStacks({ workDir: program.dir, environment, signal });
    const [only, ...others] = await listStackFiles(program);
    const known = stacks.find(({ name }) => name.split("/").at(-1) === only);
    const isSelected = stacks.some((each) => each.isSelected);
    if (!isSelected && others.length === 0 && known !== undefined && isStackName(known.name))
      return known.name;
  }
  const { stack } = await findStack({ ...flags, dir: program.dir }, outside);
  if (isStackName(stack)) return stack;
  throw new UsageError("That is no name of a stack. Give --stack as stack, org/stack or org/project/stack.");
}

/** Such an address can stand in a configuration file and in a shell script. */
function parseUrl(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^[\w./~-]*$/.test(url.pathname) && /^[\w.:[\]-]+$/.test(url.host);
  if (
    !isPlain ||
    !/^https?:$/.test(url.protocol) ||
    url.search + url.hash + url.username + url.password !== ""
  ) {
    throw new UsageError(
      "--url is no address such as https://scale.example.com: http or https, a host, perhaps a path, and nothing else.",
    );
  }
  return `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, "");
}

async function isWanted(flags: InitFlags, terminal: InitTerminal): Promise<boolean> {
  if (flags.yes) return true;
  if (flags.json || terminal.ask === null) return false;
  return /^y(?:es)?$/i.test((await terminal.ask("\nWrite this? [y/N] ")).trim());
}

function processTerminal(): InitTerminal {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return { show: (text) => console.log(text), ask: isTerminal ? askOnTerminal : null };
}

async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    return await Promise.race([lines.question(question), closed]);
  } finally {
    lines.close();
  }
}
