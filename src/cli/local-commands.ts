import { type Command, InvalidArgumentError, Option } from "commander";
import type { ControlCommand, ControlFlags } from "./control.ts";
import type { LocalFlags } from "./local/flags.ts";
import type { ScaleFlags } from "./scale.ts";
import type { ServeFlags } from "./serve.ts";

/** Adds the commands that work in a Pulumi program's directory, without GitHub. */
export function addLocalCommands(program: Command, answer: (exitCode: number) => void): void {
  pushOption(stackCommand(program, "serve", "scale this Pulumi program's pools: take alerts, commit, apply"))
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--port <n>", "the port to listen on; 0 takes any free one", parsePort, 3000)
    .option("--up-first", "bring the whole stack up before anything is scaled")
    .addOption(
      new Option("--on-failure <what>", "what becomes of a value that cannot be applied")
        .choices(["keep", "revert"])
        .default("keep"),
    )
    .addHelpText(
      "after",
      `
Settings: LOG_LEVEL, PULUMISCALE_METRICS_TOKEN, PULUMISCALE_PAUSED, AWS_ENDPOINT_URL_SNS, and what Pulumi itself needs.
Logs JSON lines on stdout, and tells people on stderr.
SIGHUP reads the contract and the secrets again. SIGTERM waits for an update that runs.

Examples:
  $ pulumiscale serve --stack prod
  $ pulumiscale serve --dir infra --stack prod --host 0.0.0.0 --push`,
    )
    .action(async (flags: ServeFlags) => answer(await (await import("./serve.ts")).runServe(flags)));
  localCommand(program, "up", "bring the whole stack up, and note what is applied").action(
    async (flags: LocalFlags) => answer(await (await import("./up.ts")).runUp(flags)),
  );
  pushOption(localCommand(program, "scale <pool> <amount>", "commit a pool's new value: 12, +2 or -2"))
    .option("--dry-run", "show the decision, the change of the file and Pulumi's preview; nothing moves")
    .option("--apply", "apply it at once, with a targeted up")
    .option("--approve", "let it pass the pool's approval threshold: you are the one who approves it")
    .addHelpText(
      "after",
      `
Examples:
  $ pulumiscale scale web +2 --dry-run
  $ pulumiscale scale web 12 --apply`,
    )
    .action(async (pool: string, amount: string, flags: ScaleFlags) =>
      answer(await (await import("./scale.ts")).runScale(pool, amount, flags)),
    );
  addControlCommands(program, answer);
  localCommand(
    program,
    "check",
    "look whether everything that scaling needs is there; change nothing",
  ).action(async (flags: LocalFlags) => answer(await (await import("./check.ts")).runCheck(flags)));
  localCommand(program, "pools", "the stack's pools as they stand").action(async (flags: LocalFlags) =>
    answer(await (await import("./pools.ts")).runPools(flags)),
  );
  localCommand(program, "history [pool]", "who changed the pools' values, when and why").action(
    async (pool: string | undefined, flags: LocalFlags) =>
      answer(await (await import("./history.ts")).runHistory(pool, flags)),
  );
}

/** The commands that hold pools back, or let them go. */
function addControlCommands(program: Command, answer: (exitCode: number) => void): void {
  const run = async (command: ControlCommand, flags: ControlFlags) =>
    answer(await (await import("./control.ts")).runControl(command, flags));
  const controlCommand = (name: string, description: string) =>
    localCommand(program, name, description).option("--why <text>", "shown wherever it holds something back");
  controlCommand(
    "pause <target> [words...]",
    "hold a pool, the stack or `all` back, for a while or until resumed",
  )
    .addHelpText(
      "after",
      `
After the target: for 2h, until 2030-01-31T18:00Z, in (it does not shrink), out (it does not grow).
What is committed already is applied all the same.

Examples:
  $ pulumiscale pause web for 2h in --why "load test"
  $ pulumiscale pause all`,
    )
    .action((target: string, words: string[], flags: ControlFlags) =>
      run({ kind: "pause", target, words }, flags),
    );
  pushOption(
    controlCommand("pin <pool> <value> [words...]", "commit a pool's value, and let no other through"),
  )
    .addHelpText(
      "after",
      `
After the value: for 1d, until 2030-01-31T18:00Z.

Example:
  $ pulumiscale pin web 6 for 1d --why "release day"`,
    )
    .action((target: string, value: string, words: string[], flags: ControlFlags) =>
      run({ kind: "pin", target, value, words }, flags),
    );
  controlCommand(
    "resume <target>",
    "end the pauses and the pin of a pool, the pause of the stack, or of `all`",
  ).action((target: string, flags: ControlFlags) => run({ kind: "resume", target, words: [] }, flags));
}

/** A command that ends with an answer, for people or for programs. */
function localCommand(program: Command, name: string, description: string): Command {
  return stackCommand(program, name, description).option("--json", "answer with JSON on stdout");
}

function stackCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--dir <path>", "the Pulumi program's directory", ".")
    .option("--stack <name>", "the stack as Pulumi takes it; the selected one unless given")
    .option("--alias <alias>", "the stack's name in PulumiScale; <project>.<stack> unless given");
}

function pushOption(command: Command): Command {
  return command.option("--push [remote]", "push each commit as well, to origin unless named");
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("It has to be a number from 0 to 65535.");
  return port;
}
