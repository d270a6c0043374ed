import { createNodeMiddleware, Probot } from "probot";
import { redactor } from "./apply/redact.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { RepositoryName } from "./domain/repository-name.ts";
import { addressesOfApi } from "./forge/github-addresses.ts";
import { CALL_TIMEOUT_MS, GitHubClients, UnthrottledOctokit } from "./forge/github-clients.ts";
import { GitHubComments } from "./forge/github-comments.ts";
import { GitHubControls } from "./forge/github-controls.ts";
import { GitHubForge } from "./forge/github-forge.ts";
import { GitHubGuard } from "./forge/github-guard.ts";
import { GitHubHookDeliveries } from "./forge/github-hook-deliveries.ts";
import { listInstalledRepositories, readRepository } from "./forge/github-installations.ts";
import { GitHubOnboarding } from "./forge/github-onboarding.ts";
import { GitHubOrphans } from "./forge/github-orphans.ts";
import { GitHubPlanReceipts } from "./forge/github-plan-receipts.ts";
import { GitHubPlans } from "./forge/github-plans.ts";
import { GitHubServer } from "./forge/github-server.ts";
import { GitHubStatusIssue } from "./forge/github-status-issue.ts";
import { headMarkKey } from "./forge/head-mark.ts";
import { errorFacts } from "./http/error-facts.ts";
import { capGitHubWebhooks } from "./http/github-webhooks.ts";
import { createHttpApp } from "./http/http-app.ts";
import { serveHttp } from "./http/serve-http.ts";
import { pulumiscale } from "./index.ts";
import { IssuerKeys } from "./ledger/issuer-keys.ts";
import { LedgerJudge } from "./ledger/ledger-judge.ts";
import { oidcIssuerOf } from "./ledger/oidc-issuer.ts";
import { receiptTrust } from "./ledger/receipt-trust.ts";
import { createLogger } from "./logger.ts";
import { Outbox } from "./notify/outbox.ts";
import type { SendWaits } from "./notify/send-queue.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";
import { CommentAnswers } from "./workflows/answer-comment.ts";
import { AppScaling } from "./workflows/app-scaling.ts";
import { Background } from "./workflows/background.ts";
import { PullRequestGuard } from "./workflows/guard-pull-request.ts";
import { type LookAgainWaits, lookAgain } from "./workflows/look-again.ts";
import { Notifications } from "./workflows/notify-changes.ts";
import { Onboarding } from "./workflows/onboard-repository.ts";
import { PlanEnds } from "./workflows/plan-ends.ts";
import { PlanPulls } from "./workflows/plan-pulls.ts";
import { readPlanNotifications } from "./workflows/read-plan-notifications.ts";
import { MissedDeliveries } from "./workflows/redeliver-missed.ts";
import { StackDirectory } from "./workflows/stack-directory.ts";
import { StatusIssues } from "./workflows/status-issue.ts";
import { Sweep } from "./workflows/sweep.ts";
import { RepositoryWatch } from "./workflows/watch-repositories.ts";

/** A status issue that many follow is edited no more often than this. */
const STATUS_EVERY_MS = 60_000;
/** For so long a snapshot is good: looking more often would cost a call each time. */
const NOTIFY_EVERY_MS = 10_000;
/** A sender waits at least 10 s; this leaves room for the network. */
const ANSWER_WITHIN_MS = 8_000;

export type RunningApp = {
  port: number;
  /** Resolves when nothing goes on in the background at the moment. */
  idle: () => Promise<void>;
  stop: () => Promise<void>;
};

/** What no operator sets: tests move the clock and shorten the waits, all in milliseconds. */
export type AppInternals = Partial<LookAgainWaits> & {
  clock?: Clock;
  callTimeoutMs?: number;
  answerWithinMs?: number;
  statusEveryMs?: number;
  notifyEveryMs?: number;
  sendWaits?: Partial<SendWaits>;
};

/** Starts the GitHub App: wires settings, clock, logger, forge and server together, and lists the installed repositories. */
export async function startApp(
  settings: Settings,
  log = createLogger({ level: settings.logLevel, redact: redactor(secretsOf(settings)) }),
  {
    clock = systemClock,
    callTimeoutMs = CALL_TIMEOUT_MS,
    answerWithinMs = ANSWER_WITHIN_MS,
    statusEveryMs = STATUS_EVERY_MS,
    notifyEveryMs = NOTIFY_EVERY_MS,
    sendWaits = {},
    ...waits
  }: AppInternals = {},
): Promise<RunningApp> {
  const probot = new Probot({
    appId: settings.appId,
    privateKey: settings.privateKey,
    secret: settings.webhookSecret,
    baseUrl: settings.githubApiUrl,
    Octokit: UnthrottledOctokit,
    log,
  });
  const github = new GitHubServer((lacks, instead) =>
    log.warn({ lacks, instead }, "this GitHub lacks something; it goes on without"),
  );
  const clients = new GitHubClients(probot, clock, callTimeoutMs, github);
  const markKey = headMarkKey(settings.privateKey);
  const background = new Background((name, error) =>
    log.error({ error: errorFacts(error), work: name }, "background work failed"),
  );
  const issuer = settings.oidcIssuer ?? oidcIssuerOf(settings.githubApiUrl);
  const keys = new IssuerKeys(issuer, clock);
  const ledger = new LedgerJudge(keys, clock);
  const forge = new GitHubForge(
    (owner, repo, writes) => clients.clientFor(owner, repo, writes),
    clock,
    markKey,
  );
  const { serverUrl } = addressesOfApi(settings.githubApiUrl);
  const plans = new PlanPulls({
    ...{ forge, background, clock, paused: settings.paused },
    plans: new GitHubPlans((...of) => clients.clientFor(...of), markKey),
    onFound: (name, plan) => {
      const reading = readPlanNotifications(plan, name, serverUrl);
      notifications.take(name, `plan #${plan.subject.number}`, reading);
    },
    onSettled: ({ owner, repo }, settled) => log.info({ owner, repo, settled }, "plan settled"),
  });
  const directory = new StackDirectory({
    ledger,
    forge,
    clock,
    background,
    paused: settings.paused,
    onSettled: (stack, settled) => {
      log.info({ stack, settled }, "scale pull request settled");
      guard.settled(stack, settled);
      const [owner = "", repo = ""] = stack.split("/");
      answers.moved({ owner, repo });
      statusIssues.moved({ owner, repo });
      notifications.moved({ owner, repo });
    },
  });
  const scaling = new AppScaling({
    directory,
    controls: new GitHubControls((owner, repo, writes) => clients.clientFor(owner, repo, writes)),
    clock,
    hmacSecret: settings.hmacSecret,
    answerWithinMs,
  });
  const answers = new CommentAnswers({
    forge: new GitHubComments((owner, repo, writes) => clients.clientFor(owner, repo, writes)),
    stacks: scaling,
    ...{ plans, clock, background, markKey },
    onApproved: ({ owner, repo, issue: number }, alias, headOid) => {
      if (alias === null) return plans.approved({ owner, repo }, number);
      guard.changed({ owner, repo, number, headOid });
      directory.settle(owner, repo, alias);
    },
    onError: (doing, error) => log.error({ error: errorFacts(error) }, doing),
  });
  const guard = new PullRequestGuard({
    forge: new GitHubGuard((owner, repo) => clients.clientFor(owner, repo), settings.appId, markKey),
    stacks: directory,
    background,
    onJudged: ({ owner, repo, number, headOid }, judged) =>
      log.info({ owner, repo, number, headOid, judged }, "pull request guarded"),
  });
  const onboarding = new Onboarding({
    forge: new GitHubOnboarding((...of) => clients.clientFor(...of), markKey),
    background,
    clock,
    onOpened: ({ owner, repo }, number) => log.info({ owner, repo, number }, "first pull request opened"),
    onError: ({ owner, repo }, error) =>
      log.warn({ owner, repo, error: errorFacts(error) }, "no first pull request could be opened"),
  });
  const statusIssues = new StatusIssues({
    forge: new GitHubStatusIssue((...of) => clients.clientFor(...of)),
    stacks: directory,
    ...{ clock, background, everyMs: statusEveryMs },
    onError: ({ owner, repo }, error) =>
      log.warn({ owner, repo, error: errorFacts(error) }, "the status issue could not be brought up to date"),
  });
  const outbox = new Outbox({
    secrets: settings.notify,
    ...{ clock, waits: sendWaits },
    onGivenUp: (target, why) => log.warn({ target, why }, "a notification could not be sent"),
  });
  const notifications = new Notifications({
    ...{ outbox, clock, background, everyMs: notifyEveryMs, stacks: directory },
    serverUrl,
    onLacking: ({ owner, repo }, target, lacking) =>
      log.warn({ owner, repo, target, lacking }, "a target of notifications has no settings here"),
    onError: ({ owner, repo }, error) =>
      log.warn({ owner, repo, error: errorFacts(error) }, "what is to be told could not be read"),
  });
  const planEnds = new PlanEnds({
    ...{ notifications, clock, background, serverUrl },
    forge: new GitHubPlanReceipts((...of) => clients.clientFor(...of)),
    judge: ({ baseBranch, ...read }, receipt, text) =>
      receiptTrust({ baseBranch, read: async () => read }, keys, clock, null).judge(receipt, text),
    onRefused: ({ owner, repo }, target, why) =>
      log.warn({ owner, repo, target, why }, "a plan's receipt does not count"),
    onError: ({ owner, repo }, error) =>
      log.warn({ owner, repo, error: errorFacts(error) }, "how a plan has ended could not be read"),
  });
  const source = {
    listRepositories: (onSkipped: (error: unknown) => void) => listInstalledRepositories(clients, onSkipped),
    readRepository: (name: RepositoryName) => readRepository(clients, name, ledger, settings.appId),
  };
  const watch = new RepositoryWatch(source, directory, {
    onListed: (listing) => {
      const { owner, repo, stacks, unserved } = listing;
      for (const { alias, message } of unserved) log.warn({ owner, repo, alias, message }, "not served");
      log.info({ owner, repo, stacks: stacks.map(({ place }) => place.alias) }, "repository listed");
      guard.listed(listing);
      plans.listed(listing);
      if (listing.hasLedger || listing.plans.length > 0) answers.listed(listing);
      onboarding.listed(listing);
      statusIssues.listed(listing);
      notifications.listed(listing);
      if (listing.hasLedger) planEnds.listed(listing);
    },
    nextListing: (name) => (onboarding.isNext(name) ? "soon" : guard.nextListing(name)),
    onError: (doing, error) => log.error({ error: errorFacts(error) }, doing),
  });
  const sweep = new Sweep({
    missed: new MissedDeliveries(new GitHubHookDeliveries(clients), clock),
    orphans: new GitHubOrphans((...of) => clients.clientFor(...of)),
    stacks: directory,
    ...{ answers, clock },
    onFound: (found) => {
      log.warn({ found }, "found what no event has told");
      if (found.kind === "redelivered")
        notifications.missedSince(Math.min(...found.attempts.map(({ atMs }) => atMs)));
    },
    onError: (doing, error) => log.error({ error: errorFacts(error) }, doing),
  });
  const probotWebhooks = await createNodeMiddleware(
    pulumiscale({
      ...{ clients, directory, watch, background, guard, plans, answers },
      ...{ onboarding, statusIssues, notifications },
      onFailed: (event, error) =>
        log.error({ error: errorFacts(error), event }, "an event of GitHub could not be handled"),
    }),
    {
      probot,
      webhooksPath: "/api/github/webhooks",
    },
  );
  const githubWebhooks = capGitHubWebhooks(async (request, response) => probotWebhooks(request, response), {
    logger: log,
    clock,
  });
  const app = createHttpApp({
    scaling,
    ...(settings.defaultStack === null ? {} : { defaultStack: settings.defaultStack }),
    ...(settings.metricsToken === null
      ? {}
      : { metrics: { token: settings.metricsToken, stacks: () => directory.stackNames() } }),
    sns: { endpoint: settings.snsEndpoint },
    logger: log,
    clock,
    version: VERSION,
  });
  const server = await serveHttp(app, {
    host: settings.host,
    port: settings.port,
    githubWebhooks,
  });
  const looking = lookAgain(
    {
      background,
      listAll: (stopping) => watch.listAll(stopping),
      sweep: (stopping) => sweep.run(stopping),
    },
    waits,
  );
  log.info({ host: settings.host, port: server.port }, "listening");
  return {
    port: server.port,
    idle: async () => {
      await background.idle();
      await outbox.idle();
    },
    stop: async () => {
      looking.stop();
      statusIssues.stop();
      notifications.stop();
      await server.stop();
      await background.idle();
      await outbox.stop();
    },
  };
}

function secretsOf({ privateKey, webhookSecret, hmacSecret, metricsToken, notify }: Settings): string[] {
  return [privateKey, webhookSecret, hmacSecret ?? "", metricsToken ?? "", ...notify.texts];
}
