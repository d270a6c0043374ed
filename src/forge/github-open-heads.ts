import { z } from "zod";
import { CHECK_FIELD, CheckAnswer } from "./github-guard-check.ts";
import type { ListedHead } from "./guard-forge.ts";
import { mayBePlan } from "./plan-forge.ts";

/** Of a repository: the open pull requests that were updated last, each with our own check run on its head. */
export const OPEN_HEADS_FIELD = `pulls: pullRequests(first: 100, states: OPEN, orderBy: { field: UPDATED_AT, direction: DESC }) {
  nodes { number headRefOid headRefName isCrossRepository labels(first: 20) { nodes { name } } commits(last: 1) { nodes { commit { oid ${CHECK_FIELD} } } } }
}`;

export const OpenHeadsAnswer = z.object({
  pulls: z.object({
    nodes: z.array(
      z.object({
        number: z.int(),
        headRefOid: z.string(),
        headRefName: z.string(),
        isCrossRepository: z.boolean(),
        labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }).nullable(),
        commits: z.object({
          nodes: z.array(z.object({ commit: z.object({ oid: z.string(), checkSuites: CheckAnswer }) })),
        }),
      }),
    ),
  }),
});

export function readOpenHeads({ pulls }: z.infer<typeof OpenHeadsAnswer>): ListedHead[] {
  return pulls.nodes.map(({ number, headRefOid: headOid, commits }) => {
    // The list of commits may lag behind a push.
    const head = commits.nodes.find(({ commit }) => commit.oid === headOid);
    return { number, headOid, check: head?.commit.checkSuites ?? null };
  });
}

/** Those of them that may be of a plan. */
export function readOpenPlans({
  pulls,
}: z.infer<typeof OpenHeadsAnswer>): { number: number; branch: string }[] {
  return pulls.nodes.flatMap(({ number, headRefName: branch, isCrossRepository, labels }) => {
    const isMeant = mayBePlan({ branch, labels: labels?.nodes.map(({ name }) => name) ?? [] });
    return isMeant && !isCrossRepository ? [{ number, branch }] : [];
  });
}
