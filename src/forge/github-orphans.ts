import { z } from "zod";
import type { StackPlace } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClientFor } from "./github-octokit.ts";
import { deleteBranch } from "./github-scale-branch.ts";
import { optional } from "./github-server.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** A branch of ours without a pull request, as it was read. */
export type OrphanBranch = { repositoryId: string; branch: string; headOid: string };

const Answer = z.object({
  viewer: z.object({ login: z.string() }),
  repository: z.object({
    ref: z
      .object({
        target: z.object({
          oid: z.string(),
          author: z.object({ name: z.string().nullable() }).nullish(),
          signature: z.object({ isValid: z.boolean(), wasSignedByGitHub: z.boolean() }).nullish(),
        }),
        associatedPullRequests: z.object({ totalCount: z.int() }),
      })
      .nullable(),
  }),
});

const QUERY = `query Orphan($owner: String!, $repo: String!, $ref: String!) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit {
          author { name }
          ${optional("Commit.signature", "signature { isValid wasSignedByGitHub }")}
        }
      }
      associatedPullRequests(first: 1, states: OPEN) { totalCount }
    }
  }
}`;

/** Branches that a process has left which died before it could open their pull requests. */
export class GitHubOrphans {
  readonly #clientFor: GitHubClientFor;

  constructor(clientFor: GitHubClientFor) {
    this.#clientFor = clientFor;
  }

  /**
   * Deletes a branch that still stands where it was read, has no open pull request, and whose commit GitHub has signed as one that the App
   * made; `left` where any of it is not so. Two calls, one where it is left. Throws `ForgeError`.
   */
  async deleteOrphan(place: StackPlace, orphan: OrphanBranch): Promise<"deleted" | "left"> {
    const { owner, repo } = place;
    const { branch, headOid, repositoryId } = orphan;
    try {
      const reader = await this.#clientFor(owner, repo);
      const ref = `refs/heads/${branch}`;
      const { viewer, repository } = Answer.parse(await askGraphql(reader, QUERY, { owner, repo, ref }));
      const found = repository.ref;
      if (found === null || found.target.oid !== headOid || found.associatedPullRequests.totalCount > 0)
        return "left";
      const { author, signature } = found.target;
      const isSigned = signature?.isValid === true && signature.wasSignedByGitHub;
      if (!isSigned || author?.name !== viewer.login) return "left";
      const writes = new PlannedWrites("other", 1);
      const client = await this.#clientFor(owner, repo, writes);
      try {
        await deleteBranch(client, place, repositoryId, branch, headOid);
      } finally {
        writes.end();
      }
      return "deleted";
    } catch (error) {
      throw toForgeError(error, `deleting the branch ${branch}, which has no pull request`);
    }
  }
}
