#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { cleanOutput } from "../apply/clean-output.ts";
import { redactor, secretsOf } from "../apply/redact.ts";
import { VERSION } from "../version.ts";
import type { AppCreateFlags } from "./app-create.ts";
import type { ApplyPlanFlags } from "./apply-plan.ts";
import type { Shell } from "./completions.ts";
import type { DemoFlags } from "./demo.ts";
import type { DeployFlags } from "./deploy-flags.ts";
import type { DoctorFlags } from "./doctor.ts";
import type { InitFlags } from "./init.ts";
import { addLocalCommands } from "./local-commands.ts";
import type { UninstallFlags } from "./uninstall.ts";

const EXAMPLES = `
Examples:
  $ pulumiscale demo                                  see an alert scale a small Pulumi program
  $ pulumiscale serve --stack prod                    scale this Pulumi program's pools, without GitHub
  $ pulumiscale scale web +2 --apply                  one pool, by hand
  $ pulumiscale app create --org acme                 register the GitHub App
  $ pulumiscale app                                   run the GitHub App; settings come from the environment
  $ pulumiscale apply --dir infra --stack prod        apply the pool values that are committed and not applied yet
  $ pulumiscale preview --dir infra --stack prod      show what applying them would change
  $ pulumiscale publish --dir infra --stack prod      after a full up: publish the contract to the ledger
  $ pulumiscale pending --repo acme/infra --json      the stacks that have something to apply

Exit codes: 0 done, 1 failed, 2 usage.`;

type Answer = number | undefined;

/** The command line. Each command is one file, loaded only when it is called; `answer` takes its exit code. */
function commandLine(answer: (exitCode: Answer) => void): Command {
  const program = new Command("pulumiscale")
    .description("GitOps autoscaling for Pulumi: a metric alert becomes a clamped, reviewed, audited commit.")
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  addLocalCommands(program, answer);
  const app = program
    .command("app")
    .description("run the GitHub App that takes alerts and commits scale changes; `app create` registers it")
    .addHelpText(
      "after",
      "\nSettings: APP_ID, PRIVATE_KEY or PRIVATE_KEY_PATH, WEBHOOK_SECRET; see the README for the others.",
    )
    .action(async () => answer(await (await import("./app.ts")).runApp()));
  app
    .command("create")
    .description(
      "register the GitHub App through a page on this machine, and write its credentials to a file",
    )
    .option("--org <name>", "the organization that is to own it; you, unless given")
    .option("--url <url>", "where GitHub and senders will reach it")
    .option("--github <url>", "another GitHub than github.com, or than that of GITHUB_API_URL")
    .option("--name <name>", "its name, of at most 34 characters; GitHub lets you change it")
    .option("--out <file>", "where the credentials go", ".env")
    .option("--force", "overwrite that file")
    .option("--no-merge-queue", "for a server that knows no merge queue")
    .action(async (flags: AppCreateFlags) =>
      answer(await (await import("./app-create.ts")).runAppCreate(flags)),
    );
  program
    .command("doctor")
    .description("look at a repository on GitHub, and say what keeps it from being scaled and what to do")
    .argument("<owner/repository>", "which one")
    .option("--json", "answer with JSON on stdout")
    .action(async (repository: string, flags: DoctorFlags) =>
      answer(await (await import("./doctor.ts")).runDoctor(repository, flags)),
    );
  program
    .command("uninstall")
    .description("list what is to be undone on a repository on GitHub, in order")
    .argument("<owner/repository>", "which one")
    .option("--dry-run", "only list it; nothing else is done yet")
    .option("--json", "answer with JSON on stdout")
    .action(async (repository: string, flags: UninstallFlags) =>
      answer(await (await import("./uninstall.ts")).runUninstall(repository, flags)),
    );
  deployCommand(
    program,
    "apply",
    "apply every pool whose committed value is not applied yet, with one targeted up",
  )
    .option("--refresh", "refresh the targets first")
    .option("--policy-pack <dir...>", "run with a policy pack")
    .option("--parallel <n>", "how many resource operations run at once", parseCount)
    .option("--allow-unexpected", "let older undeployed changes delete, replace and create")
    .action(async (flags: DeployFlags) => answer(await (await import("./apply.ts")).runApply(flags)));
  deployCommand(
    program,
    "publish",
    "after a full up: publish the contract and what is applied to the ledger",
  ).action(async (flags: DeployFlags) => answer(await (await import("./publish.ts")).runPublish(flags)));
  deployCommand(program, "preview", "preview the pool values of this checkout; nothing moves").action(
    async (flags: DeployFlags) => answer(await (await import("./preview.ts")).runPreview(flags)),
  );
  deployCommand(program, "pending", "list the stacks that have something to apply, without Pulumi").action(
    async (flags: DeployFlags) => answer(await (await import("./pending.ts")).runPending(flags)),
  );
  program
    .command("apply-plan")
    .description("apply the merged plans of infra.scale that have no receipt yet, to their clusters")
    .option("--repo <owner/name>", "the repository; GITHUB_REPOSITORY unless given")
    .option("--base-branch <branch>", "the branch that plans are merged into; main unless given")
    .option("--target <env>", "the only environment whose plan is applied; all unless given")
    .option("--context <name>", "the context of the kubeconfig, in place of a plan's own")
    .option(
      "--timeout <seconds>",
      "how long each workload may take to get ready; 600 unless given",
      parseCount,
    )
    .option("--force-conflicts", "take over fields that somebody else has set")
    .option("--json", "answer with JSON on stdout")
    .action(async (flags: ApplyPlanFlags) =>
      answer(await (await import("./apply-plan.ts")).runApplyPlan(flags)),
    );
  program
    .command("init")
    .description("show what this Pulumi program lacks to be scaled, and write it: secret, contract, senders")
    .option("--dir <path>", "the Pulumi program's directory", ".")
    .option("--stack <name>", "the stack; the selected one unless given")
    .option("--url <url>", "where senders reach `pulumiscale serve`; http://127.0.0.1:3000 unless given")
    .option("--yes", "write without asking")
    .option("--json", "answer with JSON on stdout")
    .action(async (flags: InitFlags) => answer(await (await import("./init.ts")).runInit(flags)));
  program
    .command("demo")
    .description("show an alert that scales a Pulumi program, from nothing: needs git and Pulumi, no cloud")
    .option("--keep", "leave the program's folder and say where it is")
    .action(async (flags: DemoFlags) => answer(await (await import("./demo.ts")).runDemo(flags)));
  program
    .command("completions")
    .description("print a script that completes commands and options")
    .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      process.stdout.write((await import("./completions.ts")).formatCompletions(shell, program));
    });
  hintAtHelp(program, "pulumiscale", "the commands");
  return program;
}

/** After a mistake: where to look for what that very command takes. */
function hintAtHelp(command: Command, path: string, what: string): void {
  command.showHelpAfterError(`(run ${path} --help for ${what})`);
  for (const one of command.commands) hintAtHelp(one, `${path} ${one.name()}`, "what it takes");
}

function deployCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--dir <path>", "the Pulumi program's directory", ".")
    .option("--stack <name>", "the stack: stack, org/stack or org/project/stack")
    .option("--alias <alias>", "the stack's name in PulumiScale; <project>.<stack> unless given")
    .option("--repo <owner/name>", "the repository; GITHUB_REPOSITORY unless given")
    .option("--base-branch <branch>", "the branch that is deployed; main unless given")
    .option("--before <commit>", "where the base branch stood before the push that this run is for")
    .option("--cloud-url <url>", "the backend, as pulumi login takes it")
    .option("--json", "answer with JSON on stdout");
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It has to be a number from 1.");
  return Number(text);
}

/** Runs the command line; answers the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let exitCode: Answer;
  try {
    await commandLine((code) => {
      exitCode = code;
    }).parseAsync(args, { from: "user" });
    return exitCode ?? 0;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const message = cleanOutput(error instanceof Error ? error.message : String(error));
    console.error(redactor(secretsOf(process.env))(message));
    return code === "usage" ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
