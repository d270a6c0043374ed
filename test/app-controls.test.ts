import { describe, expect, it } from "vitest";
import { parseTrailers } from "../src/domain/trailers.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import type { AppWorld, AppWorldOptions } from "./support/open-app-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const REPO = "acme/infra";
const CONTROLS = "controls/shop.prod.json";
const CI = { context: "ci", appId: null };
const scaled = (web: number, api = 2) =>
  STACK_FILE.replace('"3"', `"${web}"`).replace(/(apiCount: *)\S+/, `$1${api}`);

/** A clock that the test moves. */
function movable() {
  let aheadMs = 0;
  return {
    internals: { clock: () => Date.now() + aheadMs },
    ahead: (hours: number) => {
      aheadMs += hours * 3_600_000;
    },
  };
}

/** Pauses and pins as the ledger has them. */
async function holds({ github }: AppWorld, path = CONTROLS): Promise<unknown[]> {
  const text = await github.readFile(REPO, path, "pulumiscale");
  return JSON.parse(text ?? "{}").holds;
}

async function settled({ github, replica }: AppWorld): Promise<void> {
  await github.webhooksIdle();
  await replica.idle();
  await github.webhooksIdle();
}

/** Gives what is open its check: GitHub tells the app, which looks after it. */
async function pass(world: AppWorld, branch = "scale/shop.prod"): Promise<void> {
  const oid = await world.github.readRef(REPO, `refs/heads/${branch}`);
  await asPerson(world.github, "alice")("POST", `/statuses/${oid}`, { state: "success", context: "ci" });
  await settled(world);
}

/** Pull request #1 moves web from 3 to 5, and waits for its check; GitHub merges it by itself then. */
async function open(options: AppWorldOptions = {}, demands: Record<string, number> = { web: 5 }) {
  const world = await startAppWorld(options);
  world.github.changeSettings(REPO, { allow_auto_merge: true });
  world.github.protect(REPO, "main", { requiredChecks: [CI] });
  for (const [pool, value] of Object.entries(demands)) {
    const { results } = await world.post(`/scale/${pool}`, { value });
    expect(results[0]).toMatchObject({ kind: "scale", delivery: "pull-request", pullRequest: 1 });
    await settled(world);
  }
  return world;
}

const control = async (world: AppWorld, path: string, body: unknown) => {
  const { status, answer } = await world.post(path, body);
  expect([status, answer.detail]).toEqual([200, undefined]);
  await settled(world);
  return answer as unknown as { kind: string; message: string; [name: string]: unknown };
};

describe("a pause", () => {
  it("holds what is demanded, says who until when and why, and is one commit of the ledger", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    const { post, get, github, stackFile } = world;
    const paused = await control(world, "/pause", { pool: "web", for: "2h", why: "load test #1 @bob" });
    expect(paused.kind).toBe("changed");
    expect(paused.message).toMatch(
      /^Now this holds: an API call has paused web until \S+Z \(load test 1 bob\)\.$/,
    );
    const held = await post("/scale/web", { value: 5 });
    expect(held.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "paused" }] });
    expect(held.results[0]?.reasons[0]?.message).toContain("an API call has paused web until");
    expect((await get("/pools/web")).answer).toMatchObject({
      paused: expect.stringContaining("load test"),
      pinned: null,
    });
    expect((await post("/scale/api", { value: 4 })).results[0]).toMatchObject({ kind: "scale" });
    const [newest] = await github.readLog(REPO, "pulumiscale");
    expect(newest?.message).toMatch(/^ledger\(shop\.prod\): pause web until \S+\n/);
    expect(parseTrailers(newest?.message ?? "")).toEqual([
      { key: "Stack", value: "shop.prod" },
      { key: "Control", value: expect.stringMatching(/^pause web direction=both until=\S+Z$/) },
      { key: "Requested-By", value: "an API call" },
    ]);
    const resumed = await control(world, "/resume", { pool: "web" });
    expect(resumed).toMatchObject({
      kind: "changed",
      stillHeld: [],
      replaced: [expect.stringContaining("web")],
    });
    expect(await holds(world)).toEqual([]);
    expect((await post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "scale" });
    await eventually(stackFile, (text) => text?.includes('"5"') === true);
    expect(github.violations).toEqual([]);
  });

  it("says what is merged and applied all the same, and what holds beside it", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld({ entry: { applied: { web: 2, api: 2 } } });
    const stack = await control(world, "/pause", { direction: "in" });
    expect(stack.unapplied).toEqual([{ stack: "shop.prod", pool: "web", committed: 3, applied: 2 }]);
    expect(stack.message).toContain(
      "What is merged is applied all the same: shop.prod/web 3 is committed and not applied yet (applied: 2).",
    );
    await control(world, "/pause", { pool: "web" });
    const resumed = await control(world, "/resume", { pool: "web" });
    expect(resumed.message).toContain(
      "This still holds: an API call has paused scaling in of shop.prod until",
    );
    expect(await control(world, "/resume", { pool: "web" })).toMatchObject({
      kind: "unchanged",
      message: expect.stringContaining("Nobody has paused or pinned web."),
    });
  });

  it("is over by itself", { timeout: TIMEOUT }, async () => {
    const { internals, ahead } = movable();
    const world = await startAppWorld({ internals });
    await control(world, "/pause", { for: "2h" });
    expect((await world.post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "hold" });
    ahead(2);
    expect((await world.post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "scale" });
  });

  it("of both at the same moment loses neither", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const answers = await Promise.all(
      ["web", "api"].map((pool) => world.post("/pause", { pool, until: "2099-01-01" })),
    );
    // Further away than any pause may be.
    expect(answers.map(({ status }) => status)).toEqual([422, 422]);
    const both = await Promise.all(["web", "api"].map((pool) => world.post("/pause", { pool, for: "1d" })));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(await holds(world)).toHaveLength(2);
  });

  it("of the whole repository holds every stack of it", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const said = { until: null, by: "alice", at: "2026-01-07T12:00:00Z", why: "" };
    const pause = { kind: "pause", pool: null, direction: "both", ...said };
    await world.github.commit(REPO, {
      branch: "pulumiscale",
      message: "x",
      login: "alice",
      files: { "controls.json": JSON.stringify({ schemaVersion: 1, holds: [pause] }) },
    });
    await settled(world);
    const { results } = await world.post("/scale/web", { value: 5 });
    expect(results[0]?.reasons).toEqual([
      { code: "paused", message: "alice has paused the whole repository until somebody resumes it" },
    ]);
    const resumed = await control(world, "/resume", {});
    expect(resumed).toMatchObject({
      kind: "unchanged",
      stillHeld: [expect.stringContaining("whole repository")],
    });
  });

  it("that cannot be read scales nothing, and is not overwritten", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const put = (text: string) =>
      world.github.commit(REPO, {
        branch: "pulumiscale",
        message: "x",
        login: "alice",
        files: { [CONTROLS]: text },
      });
    await put('{ "schemaVersion": 2, "holds": [] }');
    await settled(world);
    for (const [path, body] of [
      ["/scale/web", { value: 5 }],
      ["/pause", {}],
      ["/resume", {}],
    ] as const) {
      const { status, answer } = await world.post(path, body);
      expect(status).toBe(503);
      expect(answer.detail).toContain(`${CONTROLS} has schemaVersion 2; update PulumiScale`);
    }
    await put('{ "schemaVersion": 1, "holds": [] }');
    await settled(world);
    expect((await world.post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "scale" });
  });
});

describe("a call of the API", () => {
  const write = (world: AppWorld, path: string, hold: object) => {
    const said = { until: null, by: "alice", at: "2026-01-07T12:00:00Z", why: "incident", ...hold };
    const text = JSON.stringify({ schemaVersion: 1, holds: [said] });
    return world.github
      .commit(REPO, { branch: "pulumiscale", message: "x", login: "alice", files: { [path]: text } })
      .then(() => settled(world));
  };
  const pause = { kind: "pause", pool: null, direction: "both" };

  it.each([
    ["a pause", { ...pause, pool: "web" }, { pool: "web" }, "alice has paused web until"],
    ["a pause of the stack", pause, {}, "alice has paused the stack until"],
    ["a pin", { kind: "pin", pool: "web", value: 3 }, { pool: "web" }, "alice has pinned web at 3 until"],
  ])(
    "ends nothing that a person has said, and says who does: %s",
    { timeout: TIMEOUT },
    async (_, hold, of, told) => {
      const world = await startAppWorld();
      await write(world, CONTROLS, hold);
      const before = await holds(world);
      for (const [path, body] of [
        ["/resume", of],
        ["/pin", { pool: "web", value: 6 }],
      ] as const) {
        const { status, answer } = await world.post(path, body);
        expect([status, answer.detail]).toEqual([422, expect.stringContaining(told)]);
        expect(answer.detail).toContain("`/scale resume`");
      }
      expect(await holds(world)).toEqual(before);
      // What it says itself holds beside it, and that it ends as well.
      await control(world, "/pause", { ...of, for: "1m" });
      expect(await holds(world)).toHaveLength(2);
      const resumed = await control(world, "/resume", of);
      expect(resumed.message).toMatch(
        /This still holds: alice has .*\. What a person has said is ended by a person/,
      );
      expect(await holds(world)).toEqual(before);
      expect((await world.post("/scale/web", { value: 5 })).results[0]).toMatchObject({ kind: "hold" });
    },
  );

  it("pins nothing through a person's pause of the whole repository", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    await write(world, "controls.json", pause);
    const { status, answer } = await world.post("/pin", { pool: "web", value: 6 });
    expect([status, answer.detail]).toEqual([
      422,
      expect.stringContaining("alice has paused the whole repository until"),
    ]);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });
});

describe("a pin", () => {
  it("asks for its value, and lets no other through", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const pinned = await control(world, "/pin", { pool: "web", value: 6, for: "1d", why: "release day" });
    expect(pinned).toMatchObject({ kind: "changed", scale: { kind: "scale", from: 3, to: 6 } });
    await eventually(world.stackFile, (text) => text === scaled(6));
    const alert = await world.post("/webhook/web/delta", { delta: 1 });
    expect(alert.results[0]).toMatchObject({ kind: "hold", from: 6, reasons: [{ code: "pinned" }] });
    expect((await world.get("/pools/web")).answer).toMatchObject({ paused: null, pinned: { value: 6 } });
    const held = await control(world, "/pin", { pool: "web", value: 7 });
    expect(held).toMatchObject({ kind: "changed", scale: { kind: "hold", from: 6 } });
    expect(held.message).toContain(
      "Nothing asks for its value by itself: say the same once more after that.",
    );
    const outside = await world.post("/pin", { pool: "web", value: 11 });
    expect([outside.status, outside.answer.detail]).toEqual([
      422,
      expect.stringContaining("can have 1 to 10"),
    ]);
    expect(await holds(world)).toHaveLength(1);
  });

  it("moves nothing by itself: whoever may only write to the ledger moves no pool", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    const pin = {
      kind: "pin",
      pool: "web",
      value: 9,
      until: null,
      by: "eve",
      at: "2026-01-07T12:00:00Z",
      why: "",
    };
    await world.github.commit(REPO, {
      branch: "pulumiscale",
      message: "x",
      login: "alice",
      files: { [CONTROLS]: JSON.stringify({ schemaVersion: 1, holds: [pin] }) },
    });
    await settled(world);
    const { results } = await world.post("/scale/web", { value: 4 });
    expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "pinned" }] });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });
});

describe("a pull request that is open", () => {
  it.each([
    ["a pause of its pool", "/pause", { pool: "web" }],
    ["a pause of the stack", "/pause", {}],
    ["a pause of scaling out", "/pause", { direction: "out" }],
    ["a pin at another value", "/pin", { pool: "web", value: 3 }],
  ] as const)(
    "is held back by %s, says so, and goes on when it is resumed",
    { timeout: TIMEOUT },
    async (_, path, body) => {
      const world = await open();
      const told = await control(world, path, body);
      expect(told.message).toContain("Pull request #1 (web 3 → 5) is held back.");
      // GitHub would merge it now, were it still asked to.
      await pass(world);
      expect(await world.stackFile()).toBe(STACK_FILE);
      expect(await readNotes(world.github, 1)).toEqual([
        expect.stringMatching(
          /It is held back: an API call has (paused|pinned) .* until somebody resumes it/,
        ),
      ]);
      await control(world, "/resume", "pool" in body ? { pool: "web" } : {});
      await eventually(world.stackFile, (text) => text === scaled(5));
    },
  );

  it("is held back by a pause that another replica writes while it is being opened", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    const { github, post, stackFile } = world;
    const second = await world.startReplica();
    let isPaused = false;
    const stop = github.onRequest(async ({ phase, request }) => {
      if (isPaused || phase !== "received" || !request.operations.includes("updateRefs")) return;
      isPaused = true;
      // The first replica has decided, and hears of nothing before it opens the pull request.
      expect((await post("/pause", { pool: "web" }, {}, second.url)).status).toBe(200);
    });
    const { results } = await post("/scale/web", { value: 5 });
    expect(results[0]).toMatchObject({ kind: "scale", pullRequest: 1 });
    await settled(world);
    stop();
    expect(isPaused).toBe(true);
    expect(await stackFile()).toBe(STACK_FILE);
    expect(await readNotes(github, 1)).toEqual([
      expect.stringContaining("It is held back: an API call has paused web until somebody resumes it"),
    ]);
    await control(world, "/resume", { pool: "web" });
    await eventually(stackFile, (text) => text === scaled(5));
    expect(github.violations).toEqual([]);
  });

  it("is not held back by a pause of scaling in", { timeout: TIMEOUT }, async () => {
    const world = await open();
    await control(world, "/pause", { direction: "in" });
    await pass(world);
    await eventually(world.stackFile, (text) => text === scaled(5));
  });

  it("goes on by itself once the pause is over", { timeout: TIMEOUT }, async () => {
    const { internals, ahead } = movable();
    const world = await open({ internals });
    await control(world, "/pause", { for: "1h" });
    await pass(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    ahead(2);
    // The sweep looks after what is open; any word of GitHub does too.
    await pass(world);
    await eventually(world.stackFile, (text) => text === scaled(5));
  });

  it("goes on without the pool that is held back", { timeout: TIMEOUT }, async () => {
    const world = await open({}, { web: 5, api: 4 });
    await control(world, "/pause", { pool: "web" });
    await pass(world);
    await eventually(world.stackFile, (text) => text === scaled(3, 4));
  });

  it("is held back where a person has approved it", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({
      files: { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" },
    });
    world.github.createUser("bob");
    world.github.addCollaborator(REPO, "bob", "write");
    const { results } = await world.post("/scale/web", { value: 8 });
    expect(results[0]).toMatchObject({ delivery: "needs-approval", pullRequest: 1 });
    await control(world, "/pause", { pool: "web" });
    await world.github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await readNotes(world.github, 1)).toEqual([expect.stringContaining("held back: an API call")]);
    await control(world, "/resume", { pool: "web" });
    await eventually(world.stackFile, (text) => text === scaled(8));
  });
});
