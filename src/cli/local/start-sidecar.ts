import { adoptStack } from "../../apply/adopt-stack.ts";
import type { ApplyWorld } from "../../apply/apply-stack.ts";
import { previewValue } from "../../apply/preview-value.ts";
import { PulumiReadError } from "../../apply/pulumi-errors.ts";
import type { OwnContract } from "../../apply/read-contract.ts";
import { readOperation, readOperationUpdates } from "../../apply/read-operation.ts";
import { sharedRead } from "../../apply/shared-read.ts";
import { systemClock } from "../../clock.ts";
import { stackName } from "../../domain/stack-name.ts";
import { stampLocalControls } from "../../forge/local-controls.ts";
import { errorFacts } from "../../http/error-facts.ts";
import { createHttpApp } from "../../http/http-app.ts";
import { SIDECAR_ROUTES } from "../../http/routes.ts";
import { serveHttp } from "../../http/serve-http.ts";
import { createLogger } from "../../logger.ts";
import type { SidecarSettings } from "../../settings.ts";
import { VERSION } from "../../version.ts";
import { type ApplyEnd, ApplyQueue } from "../../workflows/apply-queue.ts";
import { LocalStack } from "../../workflows/local-stack.ts";
import { applyOnce } from "./apply-once.ts";
import { orComeAgain } from "./come-again.ts";
import { createNewsTeller } from "./create-news-teller.ts";
import type { LocalOutside } from "./flags.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { onlyNews } from "./only-news.ts";
import type { LocalProgram } from "./open-program.ts";
import { outcomeOf } from "./outcome-of.ts";
import { readContract, readSecrets } from "./read-rules.ts";
import { recoverUpdates } from "./recover.ts";
import { tellEnd } from "./tell-end.ts";

export type SidecarOptions = {
  host: string;
  port: number;
  /** What becomes of a value that could not be applied. */
  onFailure: "keep" | "revert";
};

export type RunningSidecar = {
  port: number;
  /** Reads contract and secrets again; what cannot be read stays as it was. */
  reload: () => Promise<void>;
  /** Takes no more requests, and waits for what runs. */
  stop: () => Promise<void>;
};

/** A sender waits at least 10 s; this leaves room for the network. */
const ANSWER_WITHIN_MS = 8_000;
/** A person waits for it, and a large program takes its time. */
const DRY_RUN_WITHIN_MS = 10 * 60_000;
/** How soon a commit that somebody else has made is found. */
const LOOK_EVERY_MS = 5_000;
/** For how long what Pulumi's history said tells what became of a commit. */
const UPDATES_LIFE_MS = 1_000;

/** Starts serving one stack: its routes, and the applies of what is committed. */
export async function startSidecar(
  program: LocalProgram,
  rules: { own: OwnContract; secrets: readonly string[] },
  options: SidecarOptions,
  settings: SidecarSettings,
  outside: LocalOutside,
): Promise<RunningSidecar> {
  let { contract } = rules.own;
  let { secrets } = rules;
  let head = await program.readHeadId();
  const log = createLogger({ level: settings.logLevel, redact: outside.redact });
  const { place, deployPlace, engine } = program;
  const warn = onlyNews(outside.tell);
  const { say } = program.world;
  const sayWarning = onlyNews((sentence: string) => say("warning", sentence));
  const world: ApplyWorld = {
    ...program.world,
    say: (level, sentence) => (level === "warning" ? sayWarning(sentence) : say(level, sentence)),
  };
  const failed = (doing: string, error: unknown) => log.error({ error: errorFacts(error) }, doing);
  let runBeganAtMs = 0;
  let triedHead = head;
  const queue = new ApplyQueue({
    run: async () => {
      runBeganAtMs = systemClock();
      // This run covers what is committed by now: that is no news afterwards.
      head = await program.readHeadId().catch(() => head);
      const trigger = { kind: head === triedHead ? "other" : "commit" } as const;
      triedHead = head;
      await recoverUpdates(program, outside);
      return applyOnce({ ...program, world }, trigger);
    },
    onEnd: async (end) => {
      stack.invalidate();
      void news.tell();
      tellEnd(end, outside.tell, warn);
      if (end.kind === "failed" || end.receipt !== null || end.problems.length > 0)
        log.info({ stack: place.alias, end }, "apply ended");
      // What was interrupted has not failed: the next start goes on with it.
      if (options.onFailure === "revert" && !outside.signal.aborted) await takeBack(end);
      void refresh();
    },
    onError: (error) => failed("the apply failed", error),
  });
  const name = stackName(place.owner, place.repo, place.alias, place.formerAliases);
  // Whoever waits for an apply asks again and again, and each time it is a process of Pulumi's.
  const readUpdates = sharedRead(() => readOperationUpdates(program), systemClock, UPDATES_LIFE_MS);
  const stack = new LocalStack({
    ...{ name, place, forge: program.forge, clock: systemClock, paused: settings.paused, queue },
    controls: program.controls,
    stampControls: () => stampLocalControls(program.stateDir, place),
    contract: () => contract,
    secrets: () => secrets,
    preview: (pool, to) =>
      orComeAgain(async () => {
        const checkout = await program.readCheckout();
        return previewValue({ pool, to }, contract, { place: deployPlace, checkout, engine }, world);
      }, outside.redact),
    readOutcome: (commit, scales) =>
      orComeAgain(async () => {
        const from = { place: deployPlace, readUpdates };
        const operation = await readOperation({ commit, scales }, from, world).catch((error: unknown) => {
          // A backend of files may be read in the middle of a write of the update that runs.
          if (queue.isRunning && error instanceof PulumiReadError) return { kind: "waiting" } as const;
          throw error;
        });
        return outcomeOf(operation, queue.isRunning ? runBeganAtMs : null);
      }, outside.redact),
    redact: outside.redact,
    answerWithinMs: ANSWER_WITHIN_MS,
  });

  const news = createNewsTeller(stack, settings, log);

  async function takeBack(end: ApplyEnd): Promise<void> {
    const commit = await stack.revertFailed(end);
    if (commit === null) return;
    outside.tell(`What could not be applied is taken back in ${commit.slice(0, 12)}.`);
    void queue.request();
  }

  async function refreshContract(): Promise<void> {
    try {
      contract = (await readContract(program, outside)).contract;
      stack.invalidate();
    } catch (error) {
      failed("the contract could not be read again, so the one before holds", error);
    }
  }

  /** After an apply its outputs are new; and people may have brought the stack up by hand. Nobody waits for it. */
  const refresh = oneAtATime(async () => {
    await refreshContract();
    try {
      const checkout = await program.readCheckout();
      const adopted = await adoptStack({ place: deployPlace, checkout, engine }, world);
      if (adopted.kind === "kept") return;
      stack.invalidate();
      void queue.request();
    } catch (error) {
      failed("what is applied could not be compared with Pulumi's own history", error);
    }
  });

  async function lookForCommits(): Promise<void> {
    const now = await program.readHeadId();
    if (now === head) return;
    head = now;
    stack.invalidate();
    void queue.request();
  }

  const app = createHttpApp({
    ...{ scaling: stack, operations: stack, routes: SIDECAR_ROUTES, defaultStack: name, logger: log },
    ...(settings.metricsToken === null
      ? {}
      : { metrics: { token: settings.metricsToken, stacks: () => [name] } }),
    sns: { endpoint: settings.snsEndpoint },
    clock: systemClock,
    version: VERSION,
    dryRunWithinMs: DRY_RUN_WITHIN_MS,
  });
  const server = await serveHttp(app, { host: options.host, port: options.port });
  const looking = setInterval(
    () => void lookForCommits().catch((error: unknown) => failed("the branch could not be read", error)),
    LOOK_EVERY_MS,
  );
  // What is so before the first apply is no news of it.
  await news.tell();
  // Whatever a process before this one has committed and not applied.
  void queue.request();
  return {
    port: server.port,
    reload: oneAtATime(async () => {
      await refresh();
      try {
        secrets = await readSecrets(program, outside);
      } catch (error) {
        failed("the webhook secrets could not be read again, so the ones before hold", error);
      }
    }),
    stop: async () => {
      clearInterval(looking);
      await Promise.all([server.stop(), queue.stop()]);
      await news.stop();
    },
  };
}
