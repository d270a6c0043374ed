#!/usr/bin/env node
import { Command } from "commander";

const EXAMPLES = `
Examples:
  $ pulumiscale app                                  run the GitHub App; settings come from the environment
  $ pulumiscale apply --dir infra --stack prod       apply the pool values that are committed and not applied yet
  $ pulumiscale publish --dir infra --stack prod     after a full up: publish the contract to the ledger
  $ pulumiscale pending --json                       the stacks that have something to apply

Exit codes: 0 done, 1 failed, 2 usage.`;

/** The command line. Each command is one file, loaded only when it is called. */
function commandLine(): Command {
  const program = new Command("pulumiscale")
    .description("GitOps autoscaling for Pulumi: a metric alert becomes a clamped, reviewed, audited commit.")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(run pulumiscale --help for the commands)")
    .exitOverride();
  program
    .command("app")
    .description("run the GitHub App that takes alerts and commits scale changes")
    .action(async () => (await import("./app.ts")).runApp());
  return program;
}

/** Runs the command line; answers the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    await commandLine().parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("commander.")) {
      return "exitCode" in error && error.exitCode === 0 ? 0 : 2;
    }
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
