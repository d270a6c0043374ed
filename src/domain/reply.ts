import { z } from "zod";
import { cleanLine } from "./clean-text.ts";

const ProgressSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("open"), pullRequest: z.int() }),
  z.object({ kind: z.literal("needs-approval"), pullRequest: z.int() }),
  /** On the base branch, and not applied yet. */
  z.object({ kind: z.literal("committed"), commit: z.string() }),
  z.object({ kind: z.literal("applied"), commit: z.string() }),
  z.object({
    kind: z.literal("failed"),
    commit: z.string(),
    message: z.string(),
    runUrl: z.string().nullable(),
  }),
  /** A pin's value that something holds back now: it is asked for again, as the pin's author has asked. */
  z.object({ kind: z.literal("pinned"), value: z.int(), by: z.string() }),
  /** Neither on the base branch nor in an open pull request. */
  z.object({ kind: z.literal("gone") }),
]);

/** How far the change that one event asked for has come. */
export type Progress = z.infer<typeof ProgressSchema>;

const ReplyLine = z.discriminatedUnion("kind", [
  /** All that is to be said. `text` is ours, and markdown. */
  z.object({ kind: z.literal("said"), command: z.string(), text: z.string() }),
  /** A change that goes on after the answer. */
  z.object({
    kind: z.literal("scale"),
    command: z.string(),
    alias: z.string(),
    pool: z.string(),
    event: z.string(),
    /** The decision, as a sentence. */
    text: z.string(),
    progress: ProgressSchema,
  }),
  /** A person's approval of one head of a pull request, given as a command. */
  z.object({
    kind: z.literal("approval"),
    command: z.string(),
    /** Null: of a plan, which is no stack's. */
    alias: z.string().nullable(),
    login: z.string(),
    headOid: z.string(),
    /** When the person said so, in milliseconds; answers from before this was noted have none. */
    atMs: z.int().optional(),
    text: z.string(),
  }),
]);

const Reply = z.object({
  version: z.literal(1),
  /** `working` until every command of the comment is carried out. */
  status: z.enum(["working", "done"]),
  lines: z.array(ReplyLine),
});

/** What is said about one command. */
export type ReplyLine = z.infer<typeof ReplyLine>;
/** The one answer to a comment, as it is remembered in itself. */
export type Reply = z.infer<typeof Reply>;

/** Reads what `formatReply` wrote; null for anything else. */
export function parseReply(state: string): Reply | null {
  try {
    return Reply.safeParse(JSON.parse(state)).data ?? null;
  } catch {
    return null;
  }
}

export function formatReply(reply: Reply): string {
  return JSON.stringify(reply);
}

/** True while something of it may still change. */
export function isOpenReply({ status, lines }: Reply): boolean {
  return status === "working" || lines.some((line) => line.kind === "scale" && isUnderWay(line.progress));
}

/** True while it asks for a pin's value again and again. */
export function asksForPin({ lines }: Reply): boolean {
  return lines.some((line) => line.kind === "scale" && line.progress.kind === "pinned");
}

function isUnderWay({ kind }: Progress): boolean {
  return kind === "open" || kind === "needs-approval" || kind === "committed" || kind === "pinned";
}

/** GitHub takes 65,536 characters, and what it remembers stands beside them. */
const LONGEST_TEXT = 20_000;
/** In bytes: the mark of an answer takes four characters for three of them, and no more than 40,000. */
const LONGEST_STATE = 29_000;
const LEFT_OUT = "… (the rest is left out)";

/** The answer with its longest texts cut, so that GitHub takes it and it can be read back. */
export function fitReply(reply: Reply): Reply {
  let fitting = reply;
  for (let most = 16_000; most >= 250 && Buffer.byteLength(formatReply(fitting)) > LONGEST_STATE; most /= 2)
    fitting = { ...reply, lines: reply.lines.map((line) => ({ ...line, text: cutText(line.text, most) })) };
  return fitting;
}

/** Cut at the end of a line, so that no row of a table is halved, and no code left open. */
function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, Math.max(text.lastIndexOf("\n", most), 0)) || text.slice(0, most).toWellFormed();
  const isInCode = cut.split("```").length % 2 === 0;
  return `${cut}${isInCode ? "\n```" : ""}\n\n${LEFT_OUT}`;
}

/** The answer as people read it. */
export function renderReply({ status, lines }: Reply): string {
  if (status === "working") return "⏳ On it.";
  const parts = lines.map((line) => `\`${line.command}\`\n\n${renderLine(line)}`);
  const text = parts.join("\n\n---\n\n");
  return text.length <= LONGEST_TEXT ? text : cutText(text, LONGEST_TEXT);
}

function renderLine(line: ReplyLine): string {
  return line.kind === "scale" ? `${line.text}\n\n${renderProgress(line.progress)}` : line.text;
}

function renderProgress(progress: Progress): string {
  switch (progress.kind) {
    case "open":
      return `⏳ #${progress.pullRequest} merges by itself as soon as the repository lets it.`;
    case "needs-approval":
      return `✋ #${progress.pullRequest} waits for the approval of a person with write access, other than who asked.`;
    case "committed":
      return `⏳ Committed as ${progress.commit}; the deploy workflow applies it.`;
    case "applied":
      return `✅ Applied (${progress.commit}).`;
    case "failed": {
      const run = isLink(progress.runUrl) ? ` [The run](${progress.runUrl}) says more.` : "";
      return `❌ Committed as ${progress.commit}, and not applied: ${cleanLine(progress.message, 300)}.${run} \`/scale retry\` tries it again.`;
    }
    case "pinned":
      return `⏳ ${progress.value} is asked for again by itself, until it stands or the pin ends.`;
    case "gone":
      return "🚫 Its pull request was closed, or another change has taken its place: nothing of it was committed.";
  }
}

function isLink(url: string | null): url is string {
  return url !== null && /^https?:\/\/[^\s()<>[\]"'`]{1,300}$/.test(url);
}
