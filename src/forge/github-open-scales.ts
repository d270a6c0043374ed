import { z } from "zod";
import { scaleAlias } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";

const BRANCHES = `{
  pageInfo { hasNextPage endCursor }
  nodes { name associatedPullRequests(first: 1, states: OPEN) { totalCount } }
}`;

/** The first hundred branches of ours of each kind, for a query on a repository. */
export const OPEN_SCALES_FIELDS = `
  inRange: refs(refPrefix: "refs/heads/scale/", first: 100) ${BRANCHES}
  gated: refs(refPrefix: "refs/heads/scale-approval/", first: 100) ${BRANCHES}
  reverts: refs(refPrefix: "refs/heads/scale-revert/", first: 100) ${BRANCHES}`;

const Branches = z
  .object({
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    nodes: z.array(z.object({ name: z.string(), associatedPullRequests: z.object({ totalCount: z.int() }) })),
  })
  .nullable();
type Branches = z.infer<typeof Branches>;

/** What those fields answer. */
export const OpenScalesAnswer = z.object({ inRange: Branches, gated: Branches, reverts: Branches });

const Page = z.object({ repository: z.object({ branches: Branches }) });

/**
 * The aliases of stacks with an open scale pull request, of whatever kind, once each. Branches that were merged and not deleted
 * count towards the hundred, so more pages are read: one request each.
 */
export async function readOpenScales(
  client: GitHubClient,
  owner: string,
  repo: string,
  first: z.infer<typeof OpenScalesAnswer>,
): Promise<string[]> {
  const aliases = new Set<string>();
  for (const [prefix, page] of [
    ["scale/", first.inRange],
    ["scale-approval/", first.gated],
    ["scale-revert/", first.reverts],
  ] as const) {
    let branches: Branches = page;
    while (branches !== null) {
      for (const { name, associatedPullRequests } of branches.nodes) {
        const alias = scaleAlias(name.startsWith(prefix) ? name : `${prefix}${name}`);
        if (alias !== null && associatedPullRequests.totalCount > 0) aliases.add(alias);
      }
      const { hasNextPage, endCursor } = branches.pageInfo;
      branches = hasNextPage ? await readPage(client, owner, repo, prefix, endCursor) : null;
    }
  }
  return [...aliases];
}

async function readPage(
  client: GitHubClient,
  owner: string,
  repo: string,
  prefix: string,
  after: string | null,
): Promise<Branches> {
  const query = `query OpenScales($owner: String!, $repo: String!, $prefix: String!, $after: String) {
    repository(owner: $owner, name: $repo) { branches: refs(refPrefix: $prefix, first: 100, after: $after) ${BRANCHES} }
  }`;
  const variables = { owner, repo, prefix: `refs/heads/${prefix}`, after };
  return Page.parse(await client.graphql(query, variables)).repository.branches;
}
