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
  body: string;
  updatedAt: Date;
}

/** What an issue and a pull request have in common. */
export interface Conversation {
  readonly id: number;
  readonly number: number;
  readonly author: Account;
  readonly createdAt: Date;
  readonly comments: IssueComment[];
  /** By lower-case name. */
  readonly labels: Map<string, Label>;
  title: string;
  body: string | null;
  state: "open" | "closed";
  updatedAt: Date;
  closedAt: Date | null;
  closedBy: Account | null;
}

export interface Issue extends Conversation {
  readonly kind: "issue";
}
