import { expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./support/app-world.ts";
import { readAnswers, startCommandWorld } from "./support/command-world.ts";
import type { AppWorldOptions } from "./support/open-app-world.ts";
import { GATE, IN_RANGE, REPO, scaled, startPullStates } from "./support/pull-state-world.ts";
import { recordedLogger } from "./support/recorded-logger.ts";
import { PLACE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
/** A port that nothing listens on. */
const NOBODY = "http://127.0.0.1:1/";
const MINUTE_MS = 60_000;

/** A clock that the test moves, an app that sweeps all the time, and its log. */
function sweeping(more: AppWorldOptions = {}) {
  const log = recordedLogger();
  let aheadMs = 0;
  const options: AppWorldOptions = {
    ...more,
    log: log.logger,
    internals: { clock: () => Date.now() + aheadMs, sweepFirstMs: 0, sweepEveryMs: 20 },
  };
  const found = (kind: string) =>
    log
      .lines()
      .flatMap((line) => FoundLine.safeParse(line).data?.found ?? [])
      .filter((one) => one.kind === kind);
  return {
    options,
    found,
    later: (minutes: number) => {
      aheadMs += minutes * MINUTE_MS;
    },
  };
}

const FoundLine = z.object({ found: z.looseObject({ kind: z.string() }) });

const Commit = z.object({ commit: z.object({ message: z.string() }) });

/** Waits until the app has begun and ended some more sweeps. */
async function sweepMore({ requests }: { requests: readonly { path: string }[] }): Promise<void> {
  const count = () => requests.filter(({ path }) => path.includes("/app/hook/deliveries")).length;
  const before = count();
  await eventually(count, (now) => now >= before + 3);
}

it("an event that has reached nobody is asked for again, once at a time and a few times at most, until it arrives", {
  timeout: TIMEOUT,
}, async () => {
  const { options, later } = sweeping();
  const { app, github, replica } = await startPullStates(options);
  const attempts = (guid: string) =>
    github.webhookDeliveries
      .filter((one) => one.guid === guid && one.outcome !== null)
      .map((one) => one.outcome?.statusCode);
  const push = async (file: string) => {
    await github.commit(REPO, { files: { [file]: "1" }, message: "notes", login: "alice" });
    await github.webhooksIdle();
    return (
      github.webhookDeliveries.findLast(({ event, redelivery }) => event === "push" && !redelivery)?.guid ??
      ""
    );
  };
  app.setWebhook(NOBODY);
  const guid = await push("one.md");
  await eventually(
    () => attempts(guid),
    (all) => all.length === 2,
  );
  await sweepMore(github);
  expect(attempts(guid)).toEqual([0, 0]);
  app.setWebhook(`${replica.url}/api/github/webhooks`);
  later(3);
  await eventually(
    () => attempts(guid),
    (all) => all.length === 3,
  );
  later(10);
  await sweepMore(github);
  expect(attempts(guid)).toEqual([0, 0, 200]);

  app.setWebhook(NOBODY);
  const hopeless = await push("two.md");
  for (const count of [2, 3, 4]) {
    await eventually(
      () => attempts(hopeless),
      (all) => all.length === count,
    );
    later(5);
  }
  await sweepMore(github);
  expect(attempts(hopeless)).toHaveLength(4);
  expect(github.violations).toEqual([]);
});

it("an event of more than an hour ago is left", { timeout: TIMEOUT }, async () => {
  const { options, later } = sweeping();
  later(61);
  const { app, github } = await startPullStates(options);
  app.setWebhook(NOBODY);
  await github.commit(REPO, { files: { "one.md": "1" }, message: "notes", login: "alice" });
  await github.webhooksIdle();
  await sweepMore(github);
  expect(github.webhookDeliveries.filter(({ redelivery }) => redelivery)).toEqual([]);
});

it("a comment that no event has told of is answered once", { timeout: TIMEOUT }, async () => {
  const { options } = sweeping();
  const { app, answered, github, issue, say, stackFile } = await startCommandWorld(options);
  app.setWebhook(NOBODY);
  await say("/scale web 5");
  await answered(/3 → \*\*5\*\*/);
  await eventually(stackFile, (text) => text === scaled(5));
  await sweepMore(github);
  expect(await readAnswers(github, issue)).toHaveLength(1);
});

it.each([
  ["approved", { files: GATE }, "needs-approval", 8],
  ["let through", {}, "pull-request", 4],
] as const)(
  "at the start, what was %s while the app was down is merged",
  { timeout: TIMEOUT },
  async (what, world, delivery, value) => {
    const { options } = sweeping(world);
    const { app, block, github, post, replica, settled, stackFile, startReplica, unblock } =
      await startPullStates(options);
    block();
    const { results } = await post("/scale/web", { value });
    expect(results[0]).toMatchObject({ delivery, pullRequest: 1 });
    await settled();
    await replica.stop();
    app.setWebhook(NOBODY);
    if (what === "approved") await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    unblock();
    await startReplica();
    await eventually(stackFile, (text) => text === scaled(value));
  },
);

it("a branch that a process has left without its pull request is deleted, after minutes", {
  timeout: TIMEOUT,
}, async () => {
  const { options, found, later } = sweeping();
  const { github, post, pulls } = await startPullStates(options);
  for (let times = 0; times < 10; times++)
    github.faults.add({ match: { method: "POST", path: /\/pulls$/ }, kind: "status", status: 502 });
  await post("/scale/web", { value: 5 });
  expect(await pulls("all")).toEqual([]);
  const headOid = await github.readRef(REPO, `refs/heads/${IN_RANGE}`);
  await sweepMore(github);
  expect(await github.readRef(REPO, `refs/heads/${IN_RANGE}`)).toBe(headOid);
  later(6);
  await eventually(
    () => found("orphan-deleted"),
    (all) => all.length === 1,
  );
  expect(found("orphan-deleted")).toEqual([
    { kind: "orphan-deleted", stack: "acme/infra/shop.prod", branch: IN_RANGE, headOid },
  ]);
  expect(await github.listBranches(REPO)).not.toContain(IN_RANGE);
  expect(github.violations).toEqual([]);
});

it("a branch that a person has pushed, with words of ours too, is left alone", {
  timeout: TIMEOUT,
}, async () => {
  const { options, later } = sweeping();
  const { alice, github, post, push } = await startPullStates(options);
  expect((await post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "scale" });
  const readHead = async () => Commit.parse(await alice("GET", "/commits/main")).commit.message;
  const message = await eventually(readHead, (text) => text.includes("Pulumiscale-Scale"));
  await push("scale-approval/shop.prod/web", { [PLACE.path]: scaled(7) }, message);
  await push("scale-approval/shop.prod/api", { "notes.md": "1" });
  later(60);
  await sweepMore(github);
  expect(await github.listBranches(REPO)).toEqual(
    expect.arrayContaining(["scale-approval/shop.prod/web", "scale-approval/shop.prod/api"]),
  );
});

it("a change whose apply never reported is told once in the log", { timeout: TIMEOUT }, async () => {
  const { options, found, later } = sweeping();
  const { github, post, publish, stackFile } = await startPullStates(options);
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === scaled(5));
  later(10);
  await sweepMore(github);
  expect(found("apply-overdue")).toEqual([]);
  later(31);
  await eventually(
    () => found("apply-overdue"),
    (all) => all.length === 1,
  );
  await sweepMore(github);
  expect(found("apply-overdue")).toEqual([
    {
      kind: "apply-overdue",
      stack: "acme/infra/shop.prod",
      pool: "web",
      committed: 5,
      applied: 3,
      sinceMs: expect.any(Number),
    },
  ]);
  await publish({ applied: { web: 5, api: 2 } });
  await sweepMore(github);
  expect(found("apply-overdue")).toHaveLength(1);
});
