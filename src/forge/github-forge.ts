import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import {
  type FileCommitRequest,
  type Forge,
  ForgeError,
  type MergeOutcome,
  type MergeRequest,
  type OpenedPull,
  type PullRequestDraft,
  type StackPlace,
} from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import { mergeGitHubPull } from "./github-merge.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { openGitHubPull } from "./github-open-pull.ts";
import { commitOnBranch, moveBranchToCommit, resetBranchAndCommit } from "./github-scale-branch.ts";
import { readGitHubSnapshot } from "./github-snapshot.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** The forge on GitHub. Each call is bound to a head that was read, so a lost race is a `conflict` and never an overwrite. */
export class GitHubForge implements Forge {
  readonly #clientFor: GitHubClientFor;
  readonly #clock: Clock;

  constructor(clientFor: GitHubClientFor, clock: Clock) {
    this.#clientFor = clientFor;
    this.#clock = clock;
  }

  readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot> {
    return this.#doing(place, `reading ${place.path}`, (client) =>
      readGitHubSnapshot(client, place, historyWindowMs, this.#clock),
    );
  }

  commit(place: StackPlace, request: FileCommitRequest): Promise<string> {
    return this.#doing(
      place,
      `committing to ${place.branch}`,
      (client) => commitOnBranch(client, place, place.branch, request),
      new PlannedWrites(request.urgency, 1),
    );
  }

  /**
   * Three calls at most for a new pull request (branch and commit in one, the pull request, its labels). A living one is never
   * reset to the base on the way: GitHub would close it; its branch moves to the new commit in one step.
   */
  openPull(place: StackPlace, request: FileCommitRequest, draft: PullRequestDraft): Promise<OpenedPull> {
    const { current } = draft;
    // Of a living one: the tree, the commit, the move. Of a new one: the branch, the pull request, its labels. Then the merge.
    const writes = current?.pull != null || draft.labels.length > 0 ? 3 : 2;
    const planned = new PlannedWrites(request.urgency, writes + 1);
    const work = async (client: GitHubClient): Promise<OpenedPull> => {
      if (current?.pull != null) {
        // Or GitHub might merge the new commit with the old one's words.
        if (current.pull.isAutoMerging) await this.withdrawAutoMerge(place, current.pull.nodeId);
        const headOid = await moveBranchToCommit(client, place, request, draft, {
          ...current,
          pull: current.pull,
        });
        return { number: current.pull.number, headOid, baseOid: null };
      }
      const headOid = await resetBranchAndCommit(
        client,
        place,
        request,
        draft.branch,
        current?.headOid ?? null,
      );
      const { number, base } = await openGitHubPull(client, place, draft, headOid);
      return { number, headOid, baseOid: base.sha };
    };
    return this.#doing(
      place,
      `opening the pull request of ${draft.branch}`,
      async (client) => {
        const opened = await work(client);
        planned.promiseTo(pullKey(place, opened.number));
        return opened;
      },
      planned,
    );
  }

  async mergePull(place: StackPlace, request: MergeRequest): Promise<MergeOutcome> {
    const planned = new PlannedWrites("merge", 1, pullKey(place, request.number));
    const client = await this.#client(place, "merging", planned);
    try {
      return await mergeGitHubPull(client, place, request);
    } finally {
      planned.end();
    }
  }

  async requestAutoMerge(
    place: StackPlace,
    pullNodeId: string,
    request: MergeRequest,
  ): Promise<string | null> {
    const mutation = `mutation($input: EnablePullRequestAutoMergeInput!) {
      enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
    }`;
    const input = {
      pullRequestId: pullNodeId,
      mergeMethod: request.method.toUpperCase(),
      commitHeadline: request.title,
      commitBody: request.message,
      expectedHeadOid: request.headOid,
    };
    const planned = new PlannedWrites("merge", 1);
    const client = await this.#client(place, "asking for auto-merge", planned);
    try {
      await client.graphql(mutation, { input });
      return null;
    } catch (error) {
      return graphqlMessage(error) ?? toForgeError(error, "asking for auto-merge").message;
    } finally {
      planned.end();
    }
  }

  async withdrawAutoMerge(place: StackPlace, pullNodeId: string): Promise<void> {
    const mutation = `mutation($input: DisablePullRequestAutoMergeInput!) {
      disablePullRequestAutoMerge(input: $input) { pullRequest { number } }
    }`;
    await this.#doing(
      place,
      "taking auto-merge back",
      (client) => client.graphql(mutation, { input: { pullRequestId: pullNodeId } }),
      new PlannedWrites("merge", 1),
    );
  }

  async closePull(place: StackPlace, number: number): Promise<void> {
    await this.#doing(place, `closing pull request #${number}`, (client) =>
      client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", {
        owner: place.owner,
        repo: place.repo,
        pull_number: number,
        state: "closed",
      }),
    );
  }

  async #doing<T>(
    place: StackPlace,
    doing: string,
    work: (client: GitHubClient) => Promise<T>,
    writes?: PlannedWrites,
  ): Promise<T> {
    try {
      return await work(await this.#clientFor(place.owner, place.repo, writes));
    } catch (error) {
      throw toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    } finally {
      writes?.end();
    }
  }

  async #client(place: StackPlace, doing: string, writes: PlannedWrites): ReturnType<GitHubClientFor> {
    try {
      return await this.#clientFor(place.owner, place.repo, writes);
    } catch (error) {
      throw error instanceof ForgeError
        ? error
        : toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    }
  }
}

/** A pull request's name in the budget. */
function pullKey({ owner, repo }: StackPlace, number: number): string {
  return `${owner}/${repo}#${number}`.toLowerCase();
}

const GraphQLMessage = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

function graphqlMessage(error: unknown): string | null {
  const parsed = GraphQLMessage.safeParse(error);
  return parsed.success ? parsed.data.errors.map(({ message }) => message).join("; ") : null;
}
