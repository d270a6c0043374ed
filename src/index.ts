import type { EmitterWebhookEvent } from "@octokit/webhooks";
import type { Probot } from "probot";
import { scaleAlias } from "./forge/forge.ts";
import type { GitHubClients } from "./forge/github-clients.ts";
import { listenForGuard } from "./forge/github-guard-events.ts";
import { listenForPlans } from "./forge/github-plan-events.ts";
import { LEDGER_BRANCH } from "./ledger/entry.ts";
import type { CommentAnswers } from "./workflows/answer-comment.ts";
import type { Background } from "./workflows/background.ts";
import type { PullRequestGuard } from "./workflows/guard-pull-request.ts";
import type { Notifications } from "./workflows/notify-changes.ts";
import type { Onboarding } from "./workflows/onboard-repository.ts";
import type { PlanPulls } from "./workflows/plan-pulls.ts";
import type { StackDirectory } from "./workflows/stack-directory.ts";
import type { StatusIssues } from "./workflows/status-issue.ts";
import type { RepositoryWatch } from "./workflows/watch-repositories.ts";

export type AppParts = {
  clients: GitHubClients;
  directory: StackDirectory;
  watch: RepositoryWatch;
  background: Background;
  guard: PullRequestGuard;
  plans: PlanPulls;
  answers: CommentAnswers;
  onboarding: Onboarding;
  statusIssues: StatusIssues;
  notifications: Notifications;
  /** Told of an event that could not be handled. */
  onFailed: (event: string, error: unknown) => void;
};

/** The Probot app: which GitHub event starts what. GitHub is acknowledged at once; nothing here is waited for. */
export function pulumiscale({
  clients,
  directory,
  watch,
  background,
  guard,
  plans,
  answers,
  onboarding,
  statusIssues,
  notifications,
  onFailed,
}: AppParts): (app: Probot) => void {
  return (app) => {
    // An event is acknowledged whatever becomes of it: GitHub sends none again, and the next listing makes up for it.
    const on: Probot["on"] = (names, handle) =>
      app.on(names, async (context) => {
        try {
          await handle(context);
        } catch (error) {
          onFailed(context.name, error);
        }
      });

    on("push", ({ payload }) => {
      const { owner, name: repo, default_branch } = payload.repository;
      const place = { owner: owner?.login ?? "", repo };
      directory.invalidate(place.owner, repo);
      const branch = payload.ref.replace(/^refs\/heads\//, "");
      guard.basisChanged(place, branch);
      answers.moved(place);
      statusIssues.moved(place);
      notifications.moved(place);
      if (branch === LEDGER_BRANCH || (branch === default_branch && changesSettings(payload.commits))) {
        background.start(`list ${place.owner}/${repo}`, () => watch.list(place));
      }
    });

    on(["pull_request", "pull_request_review"], ({ payload }) => {
      const { owner, name: repo } = payload.repository;
      directory.invalidate(owner.login, repo);
      answers.moved({ owner: owner.login, repo });
      statusIssues.moved({ owner: owner.login, repo });
      notifications.moved({ owner: owner.login, repo });
    });

    listenForGuard({ on }, guard);
    listenForPlans({ on }, plans);

    // A comment that was edited into a command is none: whoever may edit other people's comments would speak for them.
    on("issue_comment.created", ({ payload }) => {
      const { repository, issue, comment } = payload;
      const isAsking = comment.user?.type === "User" && comment.body.includes("/scale");
      const { name: repo, id } = repository;
      const thread = {
        owner: repository.owner.login,
        repo,
        repositoryNumber: String(id),
        issue: issue.number,
      };
      if (isAsking) answers.commented(thread, comment.id, Date.parse(comment.created_at));
    });

    // What a scale pull request waited for may be there now.
    on("check_suite.completed", ({ payload }) =>
      checked(payload.repository, payload.check_suite.head_branch),
    );
    on("status", ({ payload }) => {
      for (const { name } of payload.branches) checked(payload.repository, name);
    });
    on(["pull_request_review", "pull_request.ready_for_review", "pull_request.dequeued"], ({ payload }) => {
      settle(payload.repository, payload.pull_request.head.ref);
    });
    // What people do to one. We do some of it ourselves, and need no telling.
    on(
      [
        "pull_request.synchronize",
        "pull_request.edited",
        "pull_request.reopened",
        "pull_request.converted_to_draft",
        "pull_request.unlabeled",
      ],
      ({ payload }) => {
        if (payload.sender?.type !== "Bot") settle(payload.repository, payload.pull_request.head.ref);
      },
    );

    on(["installation.created", "installation.unsuspend", "installation_repositories.added"], () => {
      background.start("list all", () => watch.listAll());
    });

    on(["installation.deleted", "installation.suspend"], ({ payload }) => {
      for (const { full_name } of payload.repositories ?? []) forget(full_name);
    });
    on("installation_repositories.removed", ({ payload }) => {
      for (const { full_name } of payload.repositories_removed) forget(full_name);
    });

    function checked(repository: Parameters<typeof settle>[0], branch: string | null): void {
      settle(repository, branch);
      if (branch !== null)
        plans.branchMoved({ owner: repository.owner.login, repo: repository.name }, branch);
    }

    function settle(repository: { name: string; owner: { login: string } }, branch: string | null): void {
      const alias = scaleAlias(branch ?? "");
      if (alias !== null) directory.settle(repository.owner.login, repository.name, alias);
    }

    function forget(fullName: string): void {
      const [owner = "", repo = ""] = fullName.split("/");
      clients.forget(owner, repo);
      watch.forget({ owner, repo });
      guard.forget({ owner, repo });
      plans.forget({ owner, repo });
      onboarding.forget({ owner, repo });
      statusIssues.forget({ owner, repo });
      notifications.forget({ owner, repo });
    }
  };
}

const SETTINGS_FILE = /(^|\/)Pulumi\.ya?ml$|^\.github\/pulumiscale\.yml$/;

/** Whether a push may change where stacks are found. GitHub names the files of at most a few commits; none: perhaps. */
function changesSettings(commits: EmitterWebhookEvent<"push">["payload"]["commits"]): boolean {
  const paths = commits.flatMap(({ added = [], modified = [], removed = [] }) => [
    ...added,
    ...modified,
    ...removed,
  ]);
  return paths.length === 0 || paths.some((path) => SETTINGS_FILE.test(path));
}
