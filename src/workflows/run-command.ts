import { renderHelp } from "../domain/render-help.ts";
import type { ReplyLine } from "../domain/reply.ts";
import { approvePull } from "./approve-pull.ts";
import { runControlCommand } from "./control-command.ts";
import {
  allowed,
  type CommandedStacks,
  findOne,
  type GivenCommand,
  NOWHERE,
  type Sentence,
  say,
} from "./given-command.ts";
import { pinByCommand } from "./pin-by-command.ts";
import { approvePlan, rejectPlan } from "./plan-by-command.ts";
import { rejectByCommand } from "./reject-by-command.ts";
import { retryByCommand } from "./retry-by-command.ts";
import { scaleByCommand, undoByCommand } from "./scale-by-command.ts";
import { showHistory, showStatus } from "./show-by-command.ts";

/** What carrying out a command comes to. */
type Said =
  | Sentence
  | Omit<Extract<ReplyLine, { kind: "scale" }>, "command">
  | Omit<Extract<ReplyLine, { kind: "approval" }>, "command">;

/**
 * Carries out one command, or says why not. Throws `TryAgainError` and `ForgeError` where the same may work later: a change that was made
 * before is found again by its event.
 */
export async function runCommand(given: GivenCommand, stacks: CommandedStacks): Promise<ReplyLine> {
  const said = await run(given, stacks);
  const line = { ...said, command: given.text };
  return line.kind === "approval" ? { ...line, atMs: given.nowMs } : line;
}

async function run(given: GivenCommand, stacks: CommandedStacks): Promise<Said> {
  const { command, owner, repo } = given;
  if (command.kind === "help") return allowed(given, NOWHERE) ?? say(renderHelp());
  const served = stacks.served(owner, repo);
  switch (command.kind) {
    case "scale": {
      const found = findOne(given, command.target, served);
      if (found.kind === "said") return found;
      return scaleByCommand(given, found, command.ask, command.dryRun, stacks);
    }
    case "undo": {
      const found = findOne(given, command.target, served);
      return found.kind === "said" ? found : undoByCommand(given, found, stacks);
    }
    case "status":
      return showStatus(given, command.target, stacks);
    case "history":
      return showHistory(given, command.target, stacks);
    case "pin":
      return pinByCommand(given, command, stacks);
    case "pause":
      return runControlCommand(given, command, stacks);
    case "resume":
      return runControlCommand(given, { kind: "resume", target: command.target }, stacks);
    case "approve":
      return (await approvePlan(given)) ?? approvePull(given, served);
    case "reject":
      return (await rejectPlan(given, command.why)) ?? rejectByCommand(given, command.why, served);
    case "retry":
      return retryByCommand(given, command.target, stacks, given.requestApply);
  }
}
