import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import { cleanLine } from "../domain/clean-text.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { AstrayPull, Snapshot } from "../domain/snapshot.ts";
import { fitDraft } from "./fit-draft.ts";
import {
  type AutoMergeOutcome,
  type ClosingPull,
  type FileCommitRequest,
  type Forge,
  ForgeError,
  type MergeOutcome,
  type MergeRequest,
  type OpenedPull,
  type OwnPull,
  type PullRequestDraft,
  type PullStanding,
  type StackPlace,
} from "./forge.ts";
import { askForAutoMerge, dequeue, enqueue, withdrawAutoMerge } from "./github-auto-merge.ts";
import { closeGitHubPull } from "./github-close.ts";
import { toForgeError } from "./github-errors.ts";
import type { MadeCommit } from "./github-git-database.ts";
import { mergeGitHubPull } from "./github-merge.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { labelGitHubPull, openGitHubPull } from "./github-open-pull.ts";
import {
  commitOnBranch,
  deleteBranch,
  moveBranchToCommit,
  resetBranchAndCommit,
} from "./github-scale-branch.ts";
import { readGitHubSnapshot } from "./github-snapshot.ts";
import { readGitHubStanding, writeGitHubNote } from "./github-standing.ts";
import { type GitHubWork, gitHubWork } from "./github-work.ts";
import { sealed, withHeadMark } from "./head-mark.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** The forge on GitHub. Each call is bound to a head that was read, so a lost race is a `conflict` and never an overwrite. */
export class GitHubForge implements Forge {
  readonly #clientFor: GitHubClientFor;
  readonly #doing: GitHubWork;
  readonly #clock: Clock;
  readonly #markKey: Buffer;

  /** `markKey`: see `headMarkKey`; without it, marks hold for this forge alone. */
  constructor(clientFor: GitHubClientFor, clock: Clock, markKey: Buffer = randomBytes(32)) {
    this.#clientFor = clientFor;
    this.#doing = gitHubWork(clientFor);
    this.#clock = clock;
    this.#markKey = markKey;
  }

  readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot> {
    return this.#doing(place, `reading ${place.path}`, (client) =>
      readGitHubSnapshot(client, place, historyWindowMs, this.#clock, this.#markKey),
    );
  }

  commit(place: StackPlace, request: FileCommitRequest): Promise<string> {
    return this.#doing(
      place,
      `committing to ${place.branch}`,
      async (client) => (await commitOnBranch(client, place, place.branch, request)).oid,
      new PlannedWrites(request.urgency, 1),
    );
  }

  /**
   * Three calls at most for a new pull request (branch and commit in one, the pull request, its labels). A living one is never
   * reset to the base on the way: GitHub would close it; its branch moves to the new commit in one step.
   */
  openPull(place: StackPlace, request: FileCommitRequest, asked: PullRequestDraft): Promise<OpenedPull> {
    const draft = fitDraft(asked);
    const { current } = draft;
    const head = { repository: draft.repositoryNumber, branch: draft.branch };
    // Of a living one: the tree, the commit, the move, its words. Of a new one: the branch, the pull request, its labels. Then the merge.
    const ofNew = draft.labels.length > 0 ? 3 : 2;
    const count = current?.pull != null ? 4 : ofNew;
    const writes = new PlannedWrites(request.urgency, count + 1);
    const textFor = (client: GitHubClient, { oid, isSigned }: MadeCommit): string => {
      if (!isSigned) client.server.learn("web commit signing");
      return withHeadMark(this.#markKey, { ...head, headOid: oid }, draft.body);
    };
    const open = async (client: GitHubClient): Promise<OpenedPull> => {
      if (current?.pull != null) {
        // Or GitHub might merge the new commit with the old one's words.
        if (current.pull.isAutoMerging) await withdrawAutoMerge(client, current.pull.nodeId);
        const living = { ...current, pull: current.pull };
        const seal = (treeOid: string, message: string) => {
          const commit = { ...head, parentOid: request.expectedHeadOid, treeOid };
          return sealed(this.#markKey, commit, message);
        };
        const text = (made: MadeCommit) => textFor(client, made);
        const { oid } = await moveBranchToCommit(client, place, request, draft, living, text, seal);
        return { number: current.pull.number, headOid: oid, baseOid: null };
      }
      // Its head would follow the branch: what somebody means for another base is not to get what this one needs.
      if (current?.astray != null)
        await closeGitHubPull(client, place, leaveAstray(current.astray), this.#markKey);
      const made = await resetBranchAndCommit(client, place, request, draft.branch, current?.headOid ?? null);
      const worded = { ...draft, body: textFor(client, made) };
      const { number, base } = await openGitHubPull(client, place, worded, made.oid);
      const { oid: headOid, ledgerHeadOid } = made;
      return {
        ...{ number, headOid, baseOid: base.sha },
        ...(ledgerHeadOid === undefined ? {} : { ledgerHeadOid }),
      };
    };
    const openAndPromise = async (client: GitHubClient): Promise<OpenedPull> => {
      const opened = await open(client);
      writes.promiseTo(pullKey(place, opened.number));
      return opened;
    };
    return this.#doing(place, `opening the pull request of ${draft.branch}`, openAndPromise, writes);
  }

  async mergePull(place: RepositoryName, request: MergeRequest): Promise<MergeOutcome> {
    const writes = new PlannedWrites("merge", 1, pullKey(place, request.number));
    const client = await this.#client(place, "merging", writes);
    try {
      return await mergeGitHubPull(client, place, request);
    } finally {
      writes.end();
    }
  }

  requestAutoMerge(
    place: RepositoryName,
    pullNodeId: string,
    request: MergeRequest,
  ): Promise<AutoMergeOutcome> {
    return this.#doing(
      place,
      "asking for auto-merge",
      (client) => askForAutoMerge(client, pullNodeId, request),
      new PlannedWrites("merge", 1),
    );
  }

  withdrawAutoMerge(place: RepositoryName, pullNodeId: string): Promise<void> {
    return this.#doing(
      place,
      "taking auto-merge back",
      (client) => withdrawAutoMerge(client, pullNodeId),
      new PlannedWrites("merge", 1),
    );
  }

  enqueuePull(place: RepositoryName, pullNodeId: string, request: MergeRequest): Promise<string | null> {
    return this.#doing(
      place,
      "putting a pull request into the merge queue",
      (client) => enqueue(client, pullNodeId, request),
      new PlannedWrites("merge", 2),
    );
  }

  dequeuePull(place: RepositoryName, pullNodeId: string): Promise<void> {
    return this.#doing(
      place,
      "taking a pull request out of the merge queue",
      (client) => dequeue(client, pullNodeId),
      new PlannedWrites("merge", 1),
    );
  }

  closePull(place: StackPlace, pull: OwnPull, why: string): Promise<void> {
    return this.#doing(place, `closing pull request #${pull.number}`, async (client) => {
      await deleteBranch(client, place, pull.repositoryId, pull.branch, pull.headOid);
      await writeGitHubNote(client, place, pull.number, null, why);
    });
  }

  closeKept(place: RepositoryName, closing: ClosingPull): Promise<void> {
    return this.#doing(place, `closing pull request #${closing.number}`, (client) =>
      closeGitHubPull(client, place, closing, this.#markKey),
    );
  }

  readStanding(place: RepositoryName, number: number): Promise<PullStanding> {
    return this.#doing(place, `reading pull request #${number}`, (client) =>
      readGitHubStanding(client, place, number, this.#markKey),
    );
  }

  addLabel(place: RepositoryName, number: number, label: string): Promise<void> {
    return this.#doing(place, `labelling pull request #${number}`, (client) =>
      labelGitHubPull(client, place, number, [label]),
    );
  }

  writeNote(place: RepositoryName, number: number, note: PullStanding["note"], text: string): Promise<void> {
    return this.#doing(place, `commenting on pull request #${number}`, (client) =>
      writeGitHubNote(client, place, number, note, text),
    );
  }

  async #client(place: RepositoryName, doing: string, writes: PlannedWrites): ReturnType<GitHubClientFor> {
    try {
      return await this.#clientFor(place.owner, place.repo, writes);
    } catch (error) {
      throw error instanceof ForgeError
        ? error
        : toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    }
  }
}

function leaveAstray({ number, base }: AstrayPull): ClosingPull {
  const why = `Its base was changed to \`${cleanLine(base, 120)}\`, and its branch is needed for the next demand, which has a pull request of its own.`;
  return { number, why, rejectedBy: null };
}

/** A pull request's name in the budget. */
function pullKey({ owner, repo }: RepositoryName, number: number): string {
  return `${owner}/${repo}#${number}`.toLowerCase();
}
