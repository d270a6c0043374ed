import { ForgeError, type MergeOutcome, type MergeRequest, type PullStanding } from "../forge/forge.ts";
import { AGAIN, type PullContext, type Settled, type StandingPull, waiting } from "./settled.ts";
import { waitWithNote } from "./wait-with-note.ts";

/**
 * Merges a pull request of a scale or a plan, bound to its head, in whichever way the base branch takes it: at once, through its merge queue, or
 * later by GitHub's auto-merge. Where none goes, the pull request says why; it is tried again with the next event and the next
 * listing. Only what is in range is left to auto-merge: an approval could be taken back meanwhile. `baseOid`: the base's head when
 * this was decided.
 */
export async function mergeIntoBase(
  context: PullContext,
  branch: StandingPull,
  request: MergeRequest,
  autoMerge: "may-merge-by-itself" | "never",
  baseOid: string,
  known?: PullStanding,
): Promise<Settled | typeof AGAIN | { kind: "behind" }> {
  const { forge, place } = context;
  const { pull } = branch;
  const outcome = await mergeOnce(context, request);
  switch (outcome.kind) {
    case "merged":
      return { kind: "merged", pullRequest: pull.number };
    case "moved":
      return AGAIN;
    case "behind":
      return { kind: "behind" };
    case "queue":
      return enqueue(context, branch, request, autoMerge, known?.note);
    case "waiting":
      break;
  }
  // Of a head that is behind, GitHub says only that its checks are missing, for ever.
  const standing =
    known ?? (branch.parentOid === baseOid ? undefined : await forge.readStanding(place, pull.number));
  if (standing?.isBehind === true) return { kind: "behind" };
  const note = standing?.note;
  const why = `GitHub does not merge it yet: ${outcome.message}`;
  if (autoMerge === "never") return waitWithNote(context, branch, `${why} ${TRIED_AGAIN}`, note);
  const asked = await forge.requestAutoMerge(place, pull.nodeId, request);
  if (asked.kind === "asked") return waiting(pull, `GitHub merges it later: ${outcome.message}`);
  if (asked.kind === "mergeable") {
    // What was required has come in between the two calls.
    const second = await mergeOnce(context, request);
    if (second.kind === "merged") return { kind: "merged", pullRequest: pull.number };
    if (second.kind !== "waiting") return AGAIN;
    return waitWithNote(context, branch, `GitHub does not merge it: ${second.message} ${TRIED_AGAIN}`, note);
  }
  return waitWithNote(context, branch, `${why} (${asked.message}) ${TRIED_AGAIN}`, note);
}

/** The queue takes only what could be merged; in-range pull requests go there by themselves when they can. */
async function enqueue(
  context: PullContext,
  branch: StandingPull,
  request: MergeRequest,
  autoMerge: "may-merge-by-itself" | "never",
  note: PullStanding["note"] | undefined,
): Promise<Settled> {
  const { forge, place } = context;
  const { pull } = branch;
  const refusal = await forge.enqueuePull(place, pull.nodeId, request);
  if (refusal === null || /already .*queue/i.test(refusal)) return waiting(pull, "it is in the merge queue");
  if (autoMerge === "may-merge-by-itself") {
    const asked = await forge.requestAutoMerge(place, pull.nodeId, request);
    if (asked.kind === "asked") return waiting(pull, `GitHub puts it into the merge queue later: ${refusal}`);
  }
  return waitWithNote(
    context,
    branch,
    `The merge queue does not take it yet: ${refusal} ${TRIED_AGAIN}`,
    note,
  );
}

const TRIED_AGAIN = "It is tried again when a check or a review comes in, and every few minutes.";

/** What the App may not do is said on the pull request too: only a person can change it. */
async function mergeOnce({ forge, place }: PullContext, request: MergeRequest): Promise<MergeOutcome> {
  try {
    return await forge.mergePull(place, request);
  } catch (error) {
    if (error instanceof ForgeError && error.code === "forbidden")
      return { kind: "waiting", message: error.message };
    throw error;
  }
}
