import { z } from "zod";
import { APPROVAL_LABEL, REJECTED_LABEL, REVERT_LABEL } from "../domain/labels.ts";
import type { RejectedPull } from "../domain/snapshot.ts";
import { approvalBranch, inRangeBranch, revertBranch, type StackPlace } from "./forge.ts";
import { Actor, isViewer } from "./github-viewer.ts";
import { rejecterIn } from "./reject-mark.ts";

const CLOSED = "states: CLOSED, orderBy: { field: UPDATED_AT, direction: DESC }";

/** Of a repository: the pull requests of ours that were closed last, whether or not their branches are still there. */
export const CLOSED_PULLS_FIELDS = `
  closedInRange: pullRequests(headRefName: $inRangeName, first: 5, ${CLOSED}) { nodes { ...closedPull } }
  closedGated: pullRequests(labels: ["${APPROVAL_LABEL}"], first: 20, ${CLOSED}) { nodes { ...closedPull } }
  closedReverts: pullRequests(labels: ["${REVERT_LABEL}"], first: 10, ${CLOSED}) { nodes { ...closedPull } }
  closedByCommand: pullRequests(labels: ["${REJECTED_LABEL}"], first: 10, ${CLOSED}) { nodes { ...closedPull body } }`;

export const CLOSED_PULL_FRAGMENT = `
fragment closedPull on PullRequest {
  number closedAt headRefName baseRefName
  author { __typename login }
  commits(first: 1) { nodes { commit { message } } }
  timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) { nodes { ... on ClosedEvent { actor { __typename login } } } }
}`;

const ClosedPull = z.object({
  number: z.int(),
  closedAt: z.string().nullable(),
  headRefName: z.string(),
  baseRefName: z.string(),
  author: Actor,
  commits: z.object({ nodes: z.array(z.object({ commit: z.object({ message: z.string() }) })) }),
  timelineItems: z.object({ nodes: z.array(z.object({ actor: Actor.optional() })) }),
  body: z.string().default(""),
});
type ClosedPull = z.infer<typeof ClosedPull>;
const ClosedPulls = z.object({ nodes: z.array(ClosedPull) });

export const ClosedPullsAnswer = z.object({
  closedInRange: ClosedPulls,
  closedGated: ClosedPulls,
  closedReverts: ClosedPulls,
  closedByCommand: ClosedPulls,
});

/**
 * The closed pull requests of a stack that are a "no". What we close ourselves has nothing left to do, and is none; but where we closed it at a
 * person's word.
 */
export function readRejected(
  answer: z.infer<typeof ClosedPullsAnswer>,
  place: StackPlace,
  viewer: string,
  markKey: Buffer,
): RejectedPull[] {
  const { owner, repo } = place;
  const isOurs = ({ author, headRefName, baseRefName, closedAt }: ClosedPull) =>
    isViewer(author, viewer) &&
    baseRefName === place.branch &&
    closedAt !== null &&
    [approvalBranch(place.alias, ""), revertBranch(place.alias, "")].some(
      (prefix) => headRefName === inRangeBranch(place.alias) || headRefName.startsWith(prefix),
    );
  const rejected = new Map<number, RejectedPull>();
  const add = ({ number, closedAt, commits }: ClosedPull, by: string | null) =>
    rejected.set(number, {
      number,
      by,
      closedAtMs: Date.parse(closedAt ?? ""),
      commitMessage: commits.nodes[0]?.commit.message ?? "",
    });
  const { closedInRange, closedGated, closedReverts, closedByCommand } = answer;
  for (const pull of [closedInRange, closedGated, closedReverts].flatMap(({ nodes }) => nodes)) {
    const closer = pull.timelineItems.nodes[0]?.actor ?? null;
    if (isOurs(pull) && !isViewer(closer, viewer)) add(pull, closer?.login ?? null);
  }
  for (const pull of closedByCommand.nodes.filter(isOurs)) {
    const closer = pull.timelineItems.nodes[0]?.actor ?? null;
    const by = rejecterIn(markKey, { owner, repo, number: pull.number }, pull.body);
    add(pull, isViewer(closer, viewer) ? by : (closer?.login ?? null));
  }
  return [...rejected.values()];
}
