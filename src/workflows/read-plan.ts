import type { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { type Forge, scaleAlias } from "../forge/forge.ts";
import type { PlanForge, PlanSubject } from "../forge/plan-forge.ts";
import { findPlanPaths, type JudgedPlan, judgePlanFiles } from "../kubernetes/judge-plan-pull.ts";

/** What a head is found to hold, beside one head of its base. */
export type PlanVerdict = { kind: "none" } | JudgedPlan;

/** Where the plans of a repository are looked after. */
export type PlanContext = {
  forge: Forge;
  plans: PlanForge;
  place: RepositoryName;
  clock: Clock;
  /** Why everything is paused; null when it is not. */
  paused: string | null;
  /** What was judged already: a head and a base say all of it. */
  verdicts: LRUCache<string, { verdict: PlanVerdict; writers: readonly string[] }>;
  /** Told of each plan that is looked after. */
  onFound: (plan: FoundPlan) => void;
};

/** A pull request with a plan at the head that it was read with. */
export type FoundPlan = {
  kind: "plan";
  subject: PlanSubject;
  verdict: Extract<PlanVerdict, { kind: "plan" }>;
  /** Null where GitHub does not tell which persons have pushed what it holds: a bot pushes what whoever wrote its workflow wants. */
  readOrigin: () => Promise<PlanOrigin | null>;
};

/** Where a plan comes from. */
export type PlanOrigin = {
  /** Who has asked for it: its author, and whoever has written or pushed what it holds. */
  requesters: string[];
  /** When GitHub saw its head come, in milliseconds; null where that is not known. */
  headAtMs: number | null;
};

export type ReadPlan =
  /** Not open, of a fork, or of no plan. */
  | { kind: "none" }
  /** It touches a plan, and is not one that may be merged. No capital, no full stop. */
  | { kind: "unfit"; subject: PlanSubject; message: string }
  | FoundPlan;

/**
 * Reads whether a pull request is one of a plan. It was not made by us, so nothing that it says of itself counts, but what it holds: a
 * plan and its summary, on a base that has not changed them since. Throws `ForgeError`.
 */
export async function readPlan(context: PlanContext, number: number): Promise<ReadPlan> {
  const { plans, place } = context;
  const subject = await plans.readPlanSubject(place, number);
  const { isOpen, isFork, branch, baseOid, headOid } = subject;
  if (!isOpen || isFork || baseOid === null || scaleAlias(branch) !== null) return { kind: "none" };
  const { verdict, writers } = await judge(context, number, headOid, baseOid);
  if (verdict.kind === "none") return verdict;
  if (verdict.kind === "unfit") return { kind: "unfit", subject, message: verdict.message };
  if (!subject.isToDefault)
    return { kind: "unfit", subject, message: "it does not go to the repository's default branch" };
  const readOrigin = async () => {
    const pushes = await plans.readPushes(place, subject);
    if (pushes?.bots.every((bot) => subject.bots.includes(bot)) !== true) return null;
    const requesters = [...new Set([subject.author, ...writers, ...pushes.by])];
    return { requesters, headAtMs: pushes.headAtMs };
  };
  return { kind: "plan", subject, verdict, readOrigin };
}

async function judge(
  { plans, place, verdicts }: PlanContext,
  number: number,
  headOid: string,
  baseOid: string,
): Promise<{ verdict: PlanVerdict; writers: readonly string[] }> {
  const key = `${place.owner}/${place.repo} ${headOid} ${baseOid}`;
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const changes = await plans.readPlanChanges({ ...place, number, headOid }, baseOid);
  const found = findPlanPaths(changes.paths);
  const judged = {
    verdict:
      found.kind !== "paths"
        ? found
        : changes.isComplete
          ? await judgeFiles(found.paths, changes.mergeBaseOid)
          : TOO_MANY_COMMITS,
    writers: changes.writers,
  };
  verdicts.set(key, judged);
  return judged;

  async function judgeFiles(
    paths: Extract<typeof found, { kind: "paths" }>["paths"],
    mergeBaseOid: string,
  ): Promise<PlanVerdict> {
    const oids = [headOid, baseOid, mergeBaseOid];
    const files = [paths.plan, paths.summary, paths.prices];
    const [head = [], base = [], before = []] = await plans.readPlanFiles(place, oids, files);
    const [plan = MISSING, summary = MISSING] = head;
    const prices = base[2] ?? MISSING;
    const verdict = judgePlanFiles(paths, { plan, summary, prices });
    // Git would mix the two where they do not touch the same lines.
    if (verdict.kind === "plan" && JSON.stringify(base.slice(0, 2)) !== JSON.stringify(before.slice(0, 2))) {
      const message = `another plan of ${paths.target} was merged since; run infra.scale again`;
      return { kind: "unfit", message };
    }
    return verdict;
  }
}

const TOO_MANY_COMMITS: PlanVerdict = {
  kind: "unfit",
  message: "it has too many commits to know who wrote them; squash them",
};

const MISSING = { kind: "missing" } as const;
