import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setWebhookSecret } from "../../apply/set-webhook-secret.ts";
import { readOutputs } from "../../apply/targeted-update.ts";
import { type Contract, parseContract } from "../../domain/contract.ts";
import { findSecret, SECRET_KEY } from "../../domain/find-secret.ts";
import { decodeStackFile } from "../../domain/stack-file.ts";
import type { LocalOutside } from "../local/flags.ts";
import { formatContractExample } from "./contract-example.ts";
import { type SuggestedPool, suggestPool } from "./example-pool.ts";
import { findContract } from "./find-contract.ts";
import { isIgnoredByGit, isInWorkTree } from "./git-facts.ts";
import { fromProgram, type Program, readSmallFile, stackFileOf } from "./read-program.ts";
import {
  formatAlertmanager,
  formatAlertRules,
  formatCloudWatch,
  type SnippetFacts,
} from "./sender-snippets.ts";

/** A file that is to be written. `before` is null for a new one. */
export type PlannedWrite = {
  path: string;
  name: string;
  purpose: string;
  before: string | null;
  after: string;
};

/** What `init` found and would do. Sentences for people; what a person has to do stands in `next`. */
export type InitPlan = {
  project: string;
  stack: string;
  present: string[];
  problems: string[];
  writes: PlannedWrite[];
  next: string[];
};

export type InitRequest = { program: Program; stack: string; url: string; secret: string };

/** Looks at what is there and plans what is missing. Writes nothing. Throws `PulumiReadError`, `PulumiMissingError`. */
export async function planInit(request: InitRequest, outside: LocalOutside): Promise<InitPlan> {
  const { program, stack } = request;
  const settings = { workDir: program.dir, environment: outside.environment, signal: outside.signal };
  const plan: InitPlan = { project: program.project, stack, present: [], problems: [], writes: [], next: [] };
  const outputs = await readOutputs(stack, settings);
  const stackFile = await readStackFile(stackFileOf(program, stack), plan);
  const suggested = suggestPool(stackFile ?? "", program.project);
  const contract = await planContract(program, outputs.pulumiscale, suggested, plan);
  await planSecret(request, stackFile, plan, settings);
  const path = stackFileOf(program, stack);
  if (await isIgnoredByGit(path, outside.environment)) {
    const name = fromProgram(program, path);
    plan.problems.push(
      `${name} is left out by git's rules, and scaling is done by commits to it: take it out of .gitignore.`,
    );
  }
  await planSnippets(request, contract, suggested, plan);
  return plan;
}

/** Null where there is none, and where it cannot be read: then a problem says so, and it is not touched. */
async function readStackFile(path: string, plan: InitPlan): Promise<string | null> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  const decoded = decodeStackFile(bytes);
  if (decoded.kind === "text") return decoded.text;
  plan.problems.push(decoded.refusal.message);
  return null;
}

async function planContract(
  program: Program,
  output: unknown,
  suggested: SuggestedPool,
  plan: InitPlan,
): Promise<Contract> {
  const { contract, problems } = parseContract(output, program.project);
  if (output !== undefined) {
    const pools = [...contract.keys()].join(", ");
    plan.present.push(`contract: the stack's output \`pulumiscale\`${pools === "" ? "" : ` with ${pools}`}`);
    plan.problems.push(
      ...problems.map(({ path, message }) => `contract: ${path === "" ? "" : `${path}: `}${message}`),
    );
    return contract;
  }
  const language = program.language ?? "yaml";
  const importPath = `./pulumiscale.contract${program.importExtension}`;
  const { fileName } = formatContractExample(language, suggested.pool);
  const found = await findContract(program, fileName);
  if (found.exportedIn !== null) {
    plan.present.push(`contract: ${found.exportedIn} exports \`pulumiscale\``);
    plan.next.push("Run `pulumi up` once, so that the stack has its output `pulumiscale`.");
    return contract;
  }
  const javaPackage = found.javaMain?.package ?? undefined;
  const example = formatContractExample(language, suggested.pool, {
    importPath,
    ...(javaPackage === undefined ? {} : { javaPackage }),
  });
  const isPasted = example.include.length === 0;
  const java = found.javaMain?.folder ?? join(program.mainDir, "src/main/java");
  const folder = isPasted ? join(program.dir, SNIPPETS) : language === "java" ? java : program.mainDir;
  const name = await planNewFile(program, join(folder, example.fileName), example.text, "contract", plan);
  const include = isPasted
    ? [`Put what stands in ${name} into the program: ${howToPaste(program)}`]
    : [
        `Add to the program, with your own resource in the place of \`workers\`:`,
        ...example.include.map((line) => `  ${line}`),
      ];
  plan.next.push(include.join("\n"));
  if (!suggested.hasValue)
    plan.next.push(
      `Give the pool its value: pulumi config set ${suggested.pool.configKey} 3 --stack ${plan.stack}`,
    );
  plan.next.push("Run `pulumi up` once, so that the stack has its output `pulumiscale`.");
  return contract;
}

function howToPaste({ language, extension }: Program): string {
  return language === "yaml"
    ? `into Pulumi.${extension}, under \`outputs:\`.`
    : "as the stack output `pulumiscale`, in its own language.";
}

async function planSecret(
  { program, stack, secret }: InitRequest,
  stackFile: string | null,
  plan: InitPlan,
  settings: Parameters<typeof setWebhookSecret>[3],
): Promise<void> {
  if (plan.problems.length > 0 && stackFile === null) return;
  const path = stackFileOf(program, stack);
  const name = fromProgram(program, path);
  const found = findSecret(stackFile ?? "", program.project);
  if (found.kind === "encrypted") plan.present.push(`secret: ${found.key} in ${name}`);
  if (found.kind === "refused") plan.problems.push(`${name}: ${found.refusal.message}`);
  if (found.kind === "plain") {
    plan.problems.push(
      `secret: ${found.key} stands in ${name} for all to read. Set another one with \`openssl rand -hex 32 | pulumi config set --secret ${found.key} --stack ${stack}\`.`,
    );
  }
  if (found.kind !== "none") return;
  const { extension } = program;
  const set = await setWebhookSecret(stack, { text: stackFile, extension }, secret, settings);
  if (set.kind === "refused") plan.problems.push(`${name}: ${set.refusal.message}`);
  else {
    const purpose = `secret: ${SECRET_KEY}, made at random and encrypted with the stack's own key`;
    plan.writes.push({ path, name, purpose, before: stackFile, after: set.text });
    plan.next.push(
      `Give the secret to the senders. It is shown by: pulumi config get ${SECRET_KEY} --stack ${stack}`,
    );
    if (await isInWorkTree(program.dir, settings.environment))
      plan.next.push(`Commit ${name}: scaling is done by commits to it.`);
  }
}

/** The folder, in the program's directory, of what is for senders and for pasting. */
const SNIPPETS = "pulumiscale";

async function planSnippets(
  { program, stack, url }: InitRequest,
  contract: Contract,
  { pool }: SuggestedPool,
  plan: InitPlan,
): Promise<void> {
  const [first, ...others] = contract.values();
  const example = { ...pool, strategy: "incremental", cooldownSeconds: 300 } as const;
  const facts: SnippetFacts = {
    url,
    project: program.project,
    stack,
    stackFile: fromProgram(program, stackFileOf(program, stack)),
    ...(first === undefined
      ? { pools: [example], origin: "example" }
      : { pools: [first, ...others], origin: "contract" }),
  };
  const folder = join(program.dir, SNIPPETS);
  await planNewFile(
    program,
    join(folder, "alertmanager.yml"),
    formatAlertmanager(facts),
    "Alertmanager",
    plan,
  );
  const naming = [
    await planNewFile(program, join(folder, "rules.yml"), formatAlertRules(facts), "Prometheus", plan),
    await planNewFile(program, join(folder, "cloudwatch.sh"), formatCloudWatch(facts), "CloudWatch", plan),
  ].filter((name) => plan.writes.some((write) => write.name === name));
  if (facts.origin === "contract" || naming.length === 0) return;
  plan.next.push(
    `The pool ${pool.name} in ${naming.join(" and ")} is an example. Put your own pools' names there; or delete them after \`pulumi up\`, and run \`pulumiscale init\` again: it takes the names from the stack.`,
  );
}

/** A file that is there already is a person's, whatever stands in it. Answers its name from the program's directory. */
async function planNewFile(
  program: Program,
  path: string,
  after: string,
  purpose: string,
  plan: InitPlan,
): Promise<string> {
  const name = fromProgram(program, path);
  if ((await readSmallFile(path)) === null) plan.writes.push({ path, name, purpose, before: null, after });
  else plan.present.push(`${purpose}: ${name}`);
  return name;
}
