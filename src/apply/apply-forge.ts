import type { StackFile } from "../domain/snapshot.ts";

/** The repository, and where the stack stands in it. Paths are from the repository's root, `.` for the root itself. */
export type DeployPlace = {
  owner: string;
  repo: string;
  /** The branch that is deployed. */
  baseBranch: string;
  alias: string;
  /** What it was called before, where the ledger is in files of this machine; on GitHub the repository file is asked. */
  formerAliases?: readonly string[];
  /** The Pulumi program's directory. */
  dir: string;
  /** The stack file. */
  stackFilePath: string;
  /** Where it stood before, under this name or a former one, and no file is now; the latest first. */
  formerPaths?: readonly string[];
};

/**
 * What stands under a stack's directory at one commit, as far as it can matter to the stack: the entries of the folders
 * on the way to the stack file, each with its git object id, and the stack file's own text.
 */
export type ProgramState = {
  /** Folder path → entry name → object id. */
  folders: ReadonlyMap<string, ReadonlyMap<string, string>>;
  stackFile: StackFile;
};

/** One read at the newest head of the base branch. */
export type HeadRead = {
  repositoryId: string;
  headOid: string;
  head: ProgramState;
  /** The other commits that were asked for; null where the repository does not have the commit or the directory in it. */
  others: ReadonlyMap<string, ProgramState | null>;
  ledger: LedgerRead;
};

/** The ledger branch as it stands: `headOid` null where there is no branch, `text` null where it lacks the entry. */
export type LedgerRead = {
  headOid: string | null;
  text: string | null;
  /** What stood in the entry's file before, newest first: a few versions. */
  earlier: readonly string[];
  /** GitHub's number of the repository, as the tokens of its workflows name it. */
  repositoryNumber: string;
  /** `.github/pulumiscale.yml` on the default branch. */
  repositoryFile: StackFile;
};

/** A commit that touched the stack file. */
export type StackFileCommit = { oid: string; message: string; stackFile: StackFile };

/** What happened to the stack file since a commit. */
export type HistoryRead = {
  /** Newest first, up to the commit and without it. */
  commits: StackFileCommit[];
  /** False where the history goes on before what was read, or the commit is not in it. */
  isComplete: boolean;
  states: ReadonlyMap<string, ProgramState | null>;
};

export type LedgerCommit = {
  /** Compare-and-swap: the branch must stand there; null creates it. */
  expectedHeadOid: string | null;
  path: string;
  text: string;
  headline: string;
  body: string;
};

/** A result that is shown beside a commit. */
export type CommitReport = {
  commit: string;
  name: string;
  conclusion: "success" | "failure";
  title: string;
  /** Markdown. */
  summary: string;
  detailsUrl: string | null;
};

/** The repository alone, without a stack in it. */
export type RepositoryPlace = Pick<DeployPlace, "owner" | "repo" | "baseBranch">;

/** A stack that the ledger knows: where its file stands at the head of the base branch, and its entry's text. */
export type LedgerStack = { place: DeployPlace; entry: string };

/** What an apply asks of the place that holds the repository. Every method throws `ForgeError`. */
export interface ApplyForge {
  /** The newest head, the stack's part of it and of the other commits, and the ledger: one request. */
  readHead(place: DeployPlace, others: readonly string[]): Promise<HeadRead>;
  /** The stack file's history from `headOid` back to `since`, and the stack's part of more commits: one request. */
  readHistory(
    place: DeployPlace,
    headOid: string,
    since: string,
    others: readonly string[],
  ): Promise<HistoryRead>;
  readLedger(place: DeployPlace): Promise<LedgerRead>;
  /** Throws `ForgeError` `conflict` where the branch has moved. */
  commitToLedger(place: DeployPlace, commit: LedgerCommit): Promise<void>;
  report(place: DeployPlace, report: CommitReport): Promise<void>;
  /** Every stack in the ledger: two requests, however many there are. */
  listStacks(repository: RepositoryPlace): Promise<LedgerStack[]>;
  /** Whether `commit` is `other` or has it among its ancestors. */
  includes(place: DeployPlace, commit: string, other: string): Promise<boolean>;
}

/** What a preview tells on a pull request: of this stack, at this head. */
export type PreviewComment = {
  owner: string;
  repo: string;
  pullRequest: number;
  alias: string;
  /** The head that was previewed. */
  headOid: string;
  /** Markdown, at most `LONGEST_COMMENT` characters. */
  body: string;
};

/** GitHub refuses a comment of 65,536 characters and more; its mark takes some of them. */
export const LONGEST_COMMENT = 60_000;

/** What a preview asks of the place that holds the pull request. Throws `ForgeError`. */
export interface PreviewForge {
  /**
   * Writes the stack's one comment on the pull request, or edits it where it is there already. Answers `superseded`, with nothing
   * written, where the pull request is closed or has a newer head: that one's own preview tells.
   */
  writePreviewComment(comment: PreviewComment): Promise<"written" | "superseded">;
}

/** The folders of which the entries have to be read: the program's, and those from there down to the stack file. */
export function foldersToRead(place: Pick<DeployPlace, "dir" | "stackFilePath">): string[] {
  const folders = [place.dir];
  const prefix = place.dir === "." ? "" : `${place.dir}/`;
  if (!place.stackFilePath.startsWith(prefix)) return folders;
  const parts = place.stackFilePath.slice(prefix.length).split("/").slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth += 1)
    folders.push(prefix + parts.slice(0, depth).join("/"));
  return folders;
}
