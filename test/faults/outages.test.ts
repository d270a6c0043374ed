import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type AppCase, firstWaitSeconds, nextWaitSeconds, openAppCase } from "./app-case.ts";
import { ALERT, WORLD } from "./app-scenarios.ts";
import { OUTAGES } from "./outages.ts";
import { readEnd } from "./read-end.ts";
import { shorten } from "./run-app-scenario.ts";

const TIMEOUT = 120_000;
const GROUP_INTERVAL_SECONDS = 300;
/** How long a try takes at least once GitHub is back, in milliseconds of the real clock. */
const REAL_PACE_MS = 20;
const SCALED_ONCE = "web 4, 1 scale commit";

/**
 * Alertmanager with an alert that goes on firing: after 5xx it tries again, half as late again each time and at most a minute
 * later, until group_interval is over; then it sends the group anew. The clock is moved instead of waited for.
 */
async function notifyUntilDone(app: AppCase, outageSeconds: number): Promise<void> {
  // So many group notifications that the app's own timers, which go by the real clock, come round on a busy machine too.
  const giveUpAfterSeconds = outageSeconds + 200 * GROUP_INTERVAL_SECONDS;
  while (app.seconds() < giveUpAfterSeconds) {
    const nextGroup = app.seconds() + GROUP_INTERVAL_SECONDS;
    for (
      let waitSeconds = firstWaitSeconds;
      app.seconds() < nextGroup;
      waitSeconds = nextWaitSeconds(waitSeconds)
    ) {
      if ((await app.sendOnce(ALERT)) === "final") return;
      if (app.seconds() > outageSeconds) await sleep(REAL_PACE_MS);
      app.advance(Math.min(waitSeconds, Math.max(nextGroup - app.seconds(), 0.1)));
    }
  }
}

describe("GitHub", () => {
  const named = OUTAGES.map((outage) => [outage.name, outage] as const);
  it.each(named)("%s: scaled once, and left alone meanwhile", { timeout: TIMEOUT }, async (_name, outage) => {
    const app = await openAppCase(outage.world);
    try {
      await app.quiet();
      const { requests } = app.world.github;
      await outage.begin(app);
      const before = requests.length;
      await notifyUntilDone(app, outage.endsAfterSeconds);
      await app.quiet();
      const atEnd = app.world.github.requests.slice(before);
      const startedMs = atEnd[0]?.at.getTime() ?? 0;
      const meanwhile = atEnd.filter(
        ({ at }) => at.getTime() < startedMs + (outage.endsAfterSeconds - 5) * 1000,
      );
      console.log(
        `${outage.name}: ${meanwhile.length} calls meanwhile, ${app.told.length} tries, sender: ${shorten(app.told)}`,
      );
      // What is open when GitHub comes back merges with the next alert or at the next listing.
      if ((await readEnd(app.world)) !== SCALED_ONCE) {
        await app.stopApp();
        await app.quiet();
      }
      expect(await readEnd(app.world)).toBe(SCALED_ONCE);
      expect(
        app.told.filter((said) => !/^(503|200 (scale|hold duplicate|hold in-flight))$/.test(said)),
      ).toEqual([]);
      expect(meanwhile.length).toBeLessThanOrEqual(outage.mostCalls(app.told.length));
    } finally {
      await app.close();
    }
  });

  it("slow, 3 s a call and 8 s to answer: the retries find what goes on", { timeout: TIMEOUT }, async () => {
    // Half of the real times.
    const internals = { answerWithinMs: 4_000, callTimeoutMs: 3_500 };
    const app = await openAppCase({ ...WORLD, internals });
    try {
      await app.quiet();
      app.world.github.faults.add({ match: {}, times: 1000, kind: "latency", latencyMs: 1_500 });
      await notifyUntilDone(app, 0);
      await app.quiet();
      console.log(`slow: sender: ${shorten(app.told)}`);
      expect(await readEnd(app.world)).toBe(SCALED_ONCE);
      expect(
        app.told.filter((said) => !/^(503|200 (scale|hold duplicate|hold in-flight))$/.test(said)),
      ).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
