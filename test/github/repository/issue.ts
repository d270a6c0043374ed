import type { Account } from "../world.ts";

export interface Label {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface IssueComment {
  readonly id: number;
  readonly author: Account;
  /** The App that wrote it, for `performed_via_github_app`. */
  readonly appId: number | null;
  readonly createdAt: Date;
  readonly reactions: Reaction[];
  body: string;
  updatedAt: Date;
  /** Null: its text is as it was written. */
  lastEdit: { readonly at: Date; readonly by: Account } | null;
  /** Why it is hidden, as GraphQL names it (`OUTDATED`); null: it is shown. */
  minimized: string | null;
}

export const reactionContents = [
  "+1",
  "-1",
  "laugh",
  "confused",
  "heart",
  "hooray",
  "rocket",
  "eyes",
] as const;

export type ReactionContent = (typeof reactionContents)[number];

export interface Reaction {
  readonly id: number;
  readonly author: Account;
  readonly content: ReactionContent;
  readonly createdAt: Date;
}

/** As REST names it. */
export type LockReason = "off-topic" | "too heated" | "resolved" | "spam";

/** What an issue and a pull request have in common. */
export interface Conversation {
  readonly id: number;
  readonly number: number;
  readonly author: Account;
  /** The App that opened it, for `performed_via_github_app`. */
  readonly appId: number | null;
  readonly createdAt: Date;
  readonly reactions: Reaction[];
  readonly comments: IssueComment[];
  /** By lower-case name. */
  readonly labels: Map<string, Label>;
  title: string;
  body: string | null;
  state: "open" | "closed";
  updatedAt: Date;
  closedAt: Date | null;
  closedBy: Account | null;
  /** Null: whoever may read may talk. */
  conversationLock: { readonly reason: LockReason | null } | null;
}

export interface Issue extends Conversation {
  readonly kind: "issue";
  /** Why it was closed, or that it was opened again; null: it was never closed. */
  stateReason: "completed" | "not_planned" | "duplicate" | "reopened" | null;
}
