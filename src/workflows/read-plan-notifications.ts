import { commitSubject, type Notification, notificationOf, pullSubject } from "../domain/notification.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { MergedPlan } from "../forge/plan-receipt-forge.ts";
import type { PlanReceipt } from "../kubernetes/apply/plan-receipt.ts";
import type { FoundPlan } from "./read-plan.ts";

/** What can be told of an open pull request of a plan: that it was opened, and waits for a person. Pure. */
export function readPlanNotifications(
  { subject, verdict }: FoundPlan,
  repository: RepositoryName,
  serverUrl: string,
): Notification[] {
  const { number, createdAtMs, author } = subject;
  const facts = { kind: "plan" as const, repository, name: verdict.target, serverUrl };
  const draft = {
    ...{ subject: pullSubject(facts, number), changes: [], summary: verdict.title },
    ...{ requestedBy: author === "" ? null : author, approvedBy: null, failure: null, runUrl: null },
  };
  return [
    notificationOf({ ...draft, kind: "opened", atMs: createdAtMs, identity: [] }),
    notificationOf({ ...draft, kind: "waiting", atMs: createdAtMs + 1, identity: [] }),
  ];
}

/** What can be told of a plan by its receipt, which counts: how it has ended; nothing while it has not. Pure. */
export function readPlanEnd(
  { plan, outcome, message, finishedAt, runUrl, actions }: PlanReceipt,
  { commit, pullRequest, author, approvedBy }: MergedPlan,
  repository: RepositoryName,
  serverUrl: string,
): Notification[] {
  if (finishedAt === null || outcome === "applying" || outcome === "rolling-back") return [];
  const facts = { kind: "plan" as const, repository, name: plan.target, serverUrl };
  const subject = pullRequest === null ? commitSubject(facts, commit) : pullSubject(facts, pullRequest);
  const changes = actions.flatMap(({ subject: name, before, after }) =>
    before.kind === "replicas" && after.kind === "replicas"
      ? [{ name, from: before.replicas, to: after.replicas }]
      : [],
  );
  const isApplied = outcome === "applied";
  const told = {
    ...{ subject, changes, atMs: Date.parse(finishedAt), identity: [plan.blob, outcome] },
    summary: `infra.scale: ${plan.target} (${plan.createdAt.slice(0, 10)})`,
    ...{ requestedBy: author, approvedBy, runUrl },
    failure: isApplied ? null : [outcome, message].filter((text) => text !== "").join(": "),
  };
  return [notificationOf({ ...told, kind: isApplied ? "applied" : "failed" })];
}
