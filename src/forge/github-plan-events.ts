import type { Probot } from "probot";
import type { RepositoryName } from "../domain/repository-name.ts";
import { mayBePlan } from "./plan-forge.ts";

/** What GitHub's events tell of plans. */
export interface PlanRequests {
  /** Something has happened to a pull request that may be one of a plan. */
  look(repository: RepositoryName, pull: { number: number; branch: string }): void;
}

/** Starts a look at what may be a plan. Events may be lost: the listing makes up for that. */
export function listenForPlans(app: Pick<Probot, "on">, plans: PlanRequests): void {
  const look = (
    { name: repo, owner }: { name: string; owner: { login: string } },
    { number, head, labels }: { number: number; head: { ref: string }; labels: readonly { name: string }[] },
  ) => {
    const branch = head.ref;
    if (mayBePlan({ branch, labels: labels.map(({ name }) => name) }))
      plans.look({ owner: owner.login, repo }, { number, branch });
  };
  app.on(["pull_request_review.submitted", "pull_request_review.dismissed"], ({ payload }) => {
    look(payload.repository, payload.pull_request);
  });
  app.on(
    [
      "pull_request.opened",
      "pull_request.reopened",
      "pull_request.synchronize",
      "pull_request.edited",
      "pull_request.labeled",
      "pull_request.unlabeled",
      "pull_request.converted_to_draft",
      "pull_request.ready_for_review",
      "pull_request.dequeued",
    ],
    // We do some of it ourselves, and need no telling.
    ({ payload }) => {
      if (payload.sender?.type !== "Bot" || payload.action === "dequeued")
        look(payload.repository, payload.pull_request);
    },
  );
}
