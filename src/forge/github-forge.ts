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
import type { GitHubClientFor } from "./github-octokit.ts";
import { openGitHubPull } from "./github-open-pull.ts";
import { commitOnBranch, moveBranchToCommit, resetBranchAndCommit } from "./github-scale-branch.ts";
import { readGitHubSnapshot } from "./github-snapshot.ts";

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
    return this.#doing(place, `committing to ${place.branch}`, (client) =>
      commitOnBranch(client, place, place.branch, request),
    );
  }

  /**
   * Three calls at most for a new pull request (branch and commit in one, the pull request, its labels). A living one is never
   * reset to the base on the way: GitHub would close it; its branch moves to the new commit in one step.
   */
  openPull(place: StackPlace, request: FileCommitRequest, draft: PullRequestDraft): Promise<OpenedPull> {
    return this.#doing(place, `opening the pull request of ${draft.branch}`, async (client) => {
      const { current } = draft;
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
    });
  }

  async mergePull(place: StackPlace, request: MergeRequest): Promise<MergeOutcome> {
    const client = await this.#client(place, "merging");
    return mergeGitHubPull(client, place, request);
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
    const client = await this.#client(place, "asking for auto-merge");
    try {
      await client.graphql(mutation, { input });
      return null;
    } catch (error) {
      return graphqlMessage(error) ?? toForgeError(error, "asking for auto-merge").message;
    }
  }

  async withdrawAutoMerge(place: StackPlace, pullNodeId: string): Promise<void> {
    const mutation = `mutation($input: DisablePullRequestAutoMergeInput!) {
      disablePullRequestAutoMerge(input: $input) { pullRequest { number } }
    }`;
    await this.#doing(place, "taking auto-merge back", (client) =>
      client.graphql(mutation, { input: { pullRequestId: pullNodeId } }),
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
    work: (client: Awaited<ReturnType<GitHubClientFor>>) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await this.#clientFor(place.owner, place.repo));
    } catch (error) {
      throw toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    }
  }

  async #client(place: StackPlace, doing: string): ReturnType<GitHubClientFor> {
    try {
      return await this.#clientFor(place.owner, place.repo);
    } catch (error) {
      throw error instanceof ForgeError
        ? error
        : toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    }
  }
}

const GraphQLMessage = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

function graphqlMessage(error: unknown): string | null {
  const parsed = GraphQLMessage.safeParse(error);
  return parsed.success ? parsed.data.errors.map(({ message }) => message).join("; ") : null;
}
