import { cleanLine } from "../domain/clean-text.ts";
import type { CommandLine } from "../domain/command.ts";
import { type Actor, type CommandRules, teamsIn } from "../domain/command-rights.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import type { ReplyLine } from "../domain/reply.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { toSentence } from "../domain/to-sentence.ts";
import type { CommentForge, Thread, ThreadComment } from "../forge/comment-forge.ts";
import { ForgeError } from "../forge/forge.ts";
import type { CommandedStacks, GivenCommand, PlanCommands } from "./given-command.ts";
import { APPLY_EVENT } from "./retry-by-command.ts";
import { runCommand } from "./run-command.ts";
import { TryAgainError } from "./scaling.ts";
import { readRepositoryFile } from "./stack-record.ts";

/** A comment with the commands that were found in it. */
export type CommandedComment = { thread: Thread; comment: ThreadComment; lines: readonly CommandLine[] };

/** Carries out the commands of a comment, one after the other; each has its line in the answer, also where it failed. Throws `ForgeError`. */
export async function runComment(
  { thread, comment, lines }: CommandedComment,
  stranger: Actor,
  forge: CommentForge,
  { stacks, plans }: { stacks: CommandedStacks; plans: PlanCommands },
): Promise<ReplyLine[]> {
  const { owner, repo, issue } = thread;
  const { id, author, createdAtMs: nowMs } = comment;
  const rules = await readRules(thread, stacks, forge);
  if (rules.kind === "unusable") return lines.map(({ text }) => said(text, rules.message));
  const wanted = teamsIn(rules.rules);
  const teams = wanted.length === 0 ? [] : await forge.teamsOf(thread, author, wanted);
  const done: ReplyLine[] = [];
  for (const line of lines) {
    if (line.kind === "mistake") {
      done.push(said(line.text, `❓ ${toSentence(line.message)}`));
      continue;
    }
    const { text, command } = line;
    const given: GivenCommand = {
      ...{ owner, repo, issue, text, command, nowMs },
      event: eventIdentity(["comment", thread.repositoryNumber, String(id), String(line.line)]),
      actor: { ...stranger, teams },
      rules: rules.rules,
      plans,
      readPull: () => forge.readPull(thread),
      readPushTime: (branch, headOid) => forge.readPushTime(thread, branch, headOid),
      requestApply: (repository, alias) => forge.requestApply(repository, APPLY_EVENT, alias),
    };
    done.push(await runCommand(given, stacks).catch((error: unknown) => said(text, `⚠️ ${failureOf(error)}`)));
  }
  return done;
}

/** What a comment is answered whose commands came too late to be carried out. */
export function tooOld(lines: readonly CommandLine[]): ReplyLine[] {
  const why =
    "🕰️ This reached PulumiScale more than an hour after it was written, so nothing was done. Write it again if it still holds.";
  return lines.map(({ text }) => said(text, why));
}

/** Who may command, as the repository file has it: any stack's snapshot holds it, and where there is no stack it is read by itself. */
async function readRules(
  { owner, repo }: RepositoryName,
  stacks: CommandedStacks,
  forge: CommentForge,
): Promise<{ kind: "rules"; rules: CommandRules | undefined } | { kind: "unusable"; message: string }> {
  const [stack] = stacks.served(owner, repo);
  try {
    const { repositoryFile } = (await stack?.context.snapshots.get()) ?? {
      repositoryFile: await forge.readRepositoryFile({ owner, repo }),
    };
    return { kind: "rules", rules: readRepositoryFile(repositoryFile).commands };
  } catch (error) {
    return { kind: "unusable", message: `⚠️ ${failureOf(error)}` };
  }
}

function said(command: string, text: string): ReplyLine {
  return { kind: "said", command, text };
}

function failureOf(error: unknown): string {
  const isKnown = error instanceof TryAgainError || error instanceof ForgeError;
  const why = isKnown ? error.message : "something unexpected went wrong, which the app's log names";
  return `It did not work: ${cleanLine(why, 500).replace(/\.$/, "")}. Write it again in a while.`;
}
