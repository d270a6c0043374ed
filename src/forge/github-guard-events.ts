import type { Probot } from "probot";
import type { MergeGroup, PullHead } from "./guard-forge.ts";

/** What GitHub's events tell the guard. */
export interface GuardRequests {
  /** `pushedBy`: the person who pushed the head, or opened the pull request with it. */
  pushed(head: PullHead, pushedBy: string | null): void;
  /** An own scale pull request in range is new, or has a new head. */
  scaled(head: PullHead, alias: string): void;
  changed(head: PullHead, mode?: "as-needed" | "again"): void;
  merging(group: MergeGroup): void;
  closed(head: PullHead): void;
}

type Repository = { name: string; owner: { login: string } };

/** Starts the guard on what it may have to judge anew. Events may be lost: the listing makes up for that. */
export function listenForGuard(app: Pick<Probot, "on">, guard: GuardRequests): void {
  app.on(["pull_request.opened", "pull_request.synchronize"], ({ payload }) => {
    const { repository, pull_request: pull, sender } = payload;
    const head = headOf(repository, pull.number, pull.head.sha);
    const alias = /^scale\/([^/]+)$/.exec(pull.head.ref)?.[1];
    const isOwn = pull.user?.type === "Bot" && sender.type === "Bot";
    if (alias !== undefined && isOwn) guard.scaled(head, alias);
    else guard.pushed(head, sender.type === "User" ? sender.login : null);
  });
  app.on(["pull_request.reopened", "pull_request.ready_for_review"], ({ payload }) => {
    const { repository, pull_request: pull } = payload;
    guard.pushed(headOf(repository, pull.number, pull.head.sha), null);
  });
  app.on("pull_request.edited", ({ payload }) => {
    const { repository, pull_request: pull, changes } = payload;
    if (changes.base !== undefined) guard.changed(headOf(repository, pull.number, pull.head.sha));
  });
  app.on("pull_request.closed", ({ payload }) => {
    guard.closed(headOf(payload.repository, payload.pull_request.number, payload.pull_request.head.sha));
  });
  app.on(["pull_request_review.submitted", "pull_request_review.dismissed"], ({ payload }) => {
    // A comment neither gives nor takes an approval.
    if (payload.action === "submitted" && payload.review.state === "commented") return;
    guard.changed(headOf(payload.repository, payload.pull_request.number, payload.pull_request.head.sha));
  });

  app.on("check_run.rerequested", ({ payload }) => {
    for (const { number, head } of payload.check_run.pull_requests)
      if (head.sha === payload.check_run.head_sha)
        guard.changed(headOf(payload.repository, number, head.sha), "again");
  });
  app.on("check_suite.rerequested", ({ payload }) => {
    for (const pull of payload.check_suite.pull_requests)
      if (pull?.head.sha === payload.check_suite.head_sha)
        guard.changed(headOf(payload.repository, pull.number, pull.head.sha), "again");
  });

  app.on("merge_group.checks_requested", ({ payload }) => {
    const { head_ref, head_sha, base_sha, base_ref } = payload.merge_group;
    const number = /\/pr-(\d+)-[0-9a-f]+$/.exec(head_ref)?.[1];
    const { repository } = payload;
    if (repository === undefined || number === undefined) return;
    const head = headOf(repository, Number(number), head_sha);
    guard.merging({ ...head, baseOid: base_sha, branch: base_ref.replace(/^refs\/heads\//, "") });
  });
}

function headOf({ name, owner }: Repository, number: number, headOid: string): PullHead {
  return { owner: owner.login, repo: name, number, headOid };
}
