import { type Notification, notificationOf, pullSubject } from "../domain/notification.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
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
