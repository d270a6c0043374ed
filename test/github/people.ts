import type { LockReason, ReactionContent } from "./repository/issue.ts";
import type { Role } from "./world.ts";

export interface NewIssue {
  readonly author: string;
  readonly title: string;
  readonly body?: string;
  readonly labels?: readonly string[];
}

/** What becomes of an issue or a pull request; what is left out stays. */
export interface ConversationChange {
  readonly by: string;
  readonly title?: string;
  readonly body?: string;
  readonly state?: "open" | "closed";
  readonly addLabels?: readonly string[];
  readonly removeLabels?: readonly string[];
}

export interface PullChangeByPerson extends ConversationChange {
  readonly base?: string;
  readonly draft?: "draft" | "ready";
}

/** What people do in the browser. Logins name them; whether they may is not asked. */
export interface PeopleOnGitHub {
  /** Comments on an issue or a pull request. Gives the comment's id. */
  comment(
    repo: string,
    number: number,
    comment: { readonly author: string; readonly body: string },
  ): Promise<number>;
  editComment(
    repo: string,
    commentId: number,
    edit: { readonly by: string; readonly body: string },
  ): Promise<void>;
  deleteComment(repo: string, commentId: number, deletion: { readonly by: string }): Promise<void>;
  /** Reacts to a comment. Gives the reaction's id. */
  react(
    repo: string,
    commentId: number,
    reaction: { readonly by: string; readonly content: ReactionContent },
  ): Promise<number>;
  /** Gives the issue's number. */
  openIssue(repo: string, issue: NewIssue): Promise<number>;
  /** Edits, closes, reopens, labels an issue. */
  changeIssue(repo: string, number: number, change: ConversationChange): Promise<void>;
  /** Edits, closes, reopens, labels a pull request, moves its base, makes it a draft or ready. */
  changePull(repo: string, number: number, change: PullChangeByPerson): Promise<void>;
  /** Closes or reopens what has this number, be it an issue or a pull request. */
  close(repo: string, number: number, by: string): Promise<void>;
  reopen(repo: string, number: number, by: string): Promise<void>;
  /** Locks the conversation of an issue or a pull request: only those who may write still comment, and nobody reacts. */
  lock(repo: string, number: number, by: string, reason?: LockReason): Promise<void>;
  unlock(repo: string, number: number, by: string): Promise<void>;
  /** Deletes a branch; the pull requests from it and to it close. */
  deleteBranch(repo: string, branch: string, by: string): Promise<void>;
}

/** Who belongs to organizations and their teams. */
export interface OrganizationSeeding {
  /** `member` unless told; an `admin` is an owner of the organization. */
  addMember(organization: string, login: string, role?: "member" | "admin"): void;
  /** What every member may do in every repository: `read` unless told, null for nothing. */
  setBasePermission(organization: string, role: Role | null): void;
  /** Members of a team become members of the organization. The slug is its name, too. */
  createTeam(
    organization: string,
    slug: string,
    members: readonly string[],
    maintainers?: readonly string[],
  ): void;
  removeFromTeam(organization: string, slug: string, login: string): void;
  /** Lets a team of the repository's owner into the repository. */
  addTeamToRepository(repo: string, slug: string, role: Role): void;
}

/** What becomes of repositories as a whole; `by` is a login, whose right to do so is not asked for. */
export interface RepositoryLives {
  /** The old name leads to the new one, by REST (301, 307), GraphQL and git. */
  renameRepository(repo: string, name: string, by: string): Promise<void>;
  /** To another account that is there; the old address leads to the new one. */
  transferRepository(repo: string, owner: string, by: string): Promise<void>;
  deleteRepository(repo: string, by: string): Promise<void>;
  /** Pull requests to the branch follow it, those from it close. */
  renameBranch(repo: string, from: string, to: string, by: string): Promise<void>;
  /** Makes another branch the default; open pull requests keep their base. */
  setDefaultBranch(repo: string, branch: string, by: string): Promise<void>;
}
