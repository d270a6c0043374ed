import { parseCommands } from "../domain/command.ts";
import { type Actor, mayCommand } from "../domain/command-rights.ts";
import type { CommentForge, Thread, ThreadComment } from "../forge/comment-forge.ts";
import type { CommandedComment } from "./run-comment.ts";

/** What a comment asks for. */
export type Asked =
  /** It is gone, or holds no command that counts. */
  | { kind: "nothing" }
  /** Its text is not the one that it was posted with, though its times are the same. */
  | { kind: "edited" }
  | { kind: "refused"; said: CommandedComment; why: string }
  /** `wasBegun`: its commands were begun before, here or elsewhere. */
  | { kind: "commands"; said: CommandedComment; actor: Actor; wasBegun: boolean };

/** Reads what a comment asks for as it stands now, and whether its author may ask at all. `comments` are its thread's. Throws `ForgeError`. */
export async function readAsked(
  forge: Pick<CommentForge, "readPermission" | "readPast">,
  thread: Thread,
  commentId: number,
  comments: readonly ThreadComment[],
): Promise<Asked> {
  const comment = comments.find(({ id }) => id === commentId);
  if (comment === undefined || !comment.isPerson || comment.isEdited) return { kind: "nothing" };
  const lines = parseCommands(comment.body, comment.createdAtMs);
  if (lines.length === 0) return { kind: "nothing" };
  const said = { thread, comment, lines };
  const permission = await forge.readPermission(thread, comment.author);
  const actor: Actor = { login: comment.author, permission, teams: [] };
  const welcome = mayCommand(actor, { kind: "help" }, { alias: null, change: null }, undefined);
  if (welcome.kind === "refused") return { kind: "refused", said, why: welcome.why };
  // GitHub's times have seconds, and whoever may edit other people's comments could be that fast.
  const { wasEdited, wasBegun } = await forge.readPast(thread, comment.nodeId);
  return wasEdited ? { kind: "edited" } : { kind: "commands", said, actor, wasBegun };
}
