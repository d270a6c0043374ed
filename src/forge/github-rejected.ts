import { z } from "zod";
import { APPROVAL_LABEL, REJECTED_LABEL, REVERT_LABEL } from "../domain/labels.ts";
import type { RejectedPull } from "../domain/snapshot.ts";
import { approvalBranch, inRangeBranch, revertBranch, type StackPlace } from "./forge.ts";
import { type FormerFields, formerFields } from "./github-former-fields.ts";
import { Actor, isViewer } from "./github-viewer.ts";
import { rejecterIn } from "./reject-mark.ts";

const CLOSED = "states: CLOSED, orderBy: { field: UPDATED_AT, direction: DESC }";

/**
 * Of a repository: the pull requests of ours that were closed last, whether or not their branches are still there. `former` are
 * the former names of the stack that is read.
 */
export function closedPullsFields(former: readonly FormerFields[]): string {
  const formerPulls = former.map(
    ({ closed }) =>
      `${closed}: pullRequests(headRefName: $${closed}, first: 5, ${CLOSED}) { nodes { ...closedPull } }`,
  );
  return `
  closedInRange: pullRequests(headRefName: $inRangeName, first: 5, ${CLOSED}) { nodes { ...closedPull } }
  closedGated: pullRequests(labels: ["${APPROVAL_LABEL}"], first: 20, ${CLOSED}) { nodes { ...closedPull } }
  closedReverts: pullRequests(labels: ["${REVERT_LABEL}"], first: 10, ${CLOSED}) { nodes { ...closedPull } }
  closedByCommand: pullRequests(labels: ["${REJECTED_LABEL}"], first: 10, ${CLOSED}) { nodes { ...closedPull body } }
  ${formerPulls.join("\n")}`;
}

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

/** An answer as GitHub gives it: beside these, one connection for each former name that was asked for. */
type AnsweredPulls = z.infer<typeof ClosedPullsAnswer> & { databaseId: number } & Record<string, unknown>;

/**
 * The closed pull requests of a stack that are a "no", said under its name or a former one. What we close ourselves has nothing left to
 * do, and is none; but where we closed it at a person's word.
 */
export function readRejected(
  answer: AnsweredPulls,
  place: StackPlace,
  { viewer, markKey }: { viewer: string; markKey: Buffer },
): RejectedPull[] {
  const names = [place.alias, ...(place.formerAliases ?? [])];
  const isOurs = ({ author, headRefName, baseRefName, closedAt }: ClosedPull) =>
    isViewer(author, viewer) &&
    baseRefName === place.branch &&
    closedAt !== null &&
    names.some(
      (name) =>
        headRefName === inRangeBranch(name) ||
        [approvalBranch(name, ""), revertBranch(name, "")].some((prefix) => headRefName.startsWith(prefix)),
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
  const closedFormer = formerFields(place).map((former) => ClosedPulls.parse(answer[former.closed]));
  const closed = [closedInRange, ...closedFormer, closedGated, closedReverts];
  for (const pull of closed.flatMap(({ nodes }) => nodes)) {
    const closer = pull.timelineItems.nodes[0]?.actor ?? null;
    if (isOurs(pull) && !isViewer(closer, viewer)) add(pull, closer?.login ?? null);
  }
  for (const pull of closedByCommand.nodes.filter(isOurs)) {
    const closer = pull.timelineItems.nodes[0]?.actor ?? null;
    const by = rejecterIn(markKey, { repository: String(answer.databaseId), number: pull.number }, pull.body);
    add(pull, isViewer(closer, viewer) ? by : (closer?.login ?? null));
  }
  return [...rejected.values()];
}
