import { expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./support/app-world.ts";
import {
  GATE,
  inRangePull,
  type PullStates,
  REPO,
  scaled,
  startPullStates,
} from "./support/pull-state-world.ts";
import { PLACE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const WEB = {
  targetUrn: "urn:web",
  configKey: "webCount",
  strategy: "incremental",
  min: 1,
  max: 10,
  cooldown: 300,
};
const API = {
  targetUrn: "urn:api",
  configKey: "apiCount",
  strategy: "absolute",
  min: 1,
  max: 20,
  cooldown: 0,
};
const Issues = z.array(
  z.object({
    number: z.int(),
    body: z.string().nullable(),
    user: z.object({ login: z.string() }),
    pull_request: z.unknown().optional(),
  }),
);

/** Every issue that the App has made, open or closed. */
async function statusIssues({ alice, app }: PullStates) {
  const all = Issues.parse(await alice("GET", "/issues?state=all&per_page=100"));
  return all.filter(({ user, pull_request }) => user.login === app.botLogin && !pull_request);
}

it("a pool that was renamed keeps its cooldown and its senders, and what was open merges", {
  timeout: TIMEOUT,
}, async () => {
  const { nudge, pulls, post, publish, settled, stackFile, unblock } = await inRangePull();
  await publish({ pools: { workers: { ...WEB, aliases: ["web"] }, api: API } });
  await settled();
  unblock();
  await nudge("scale/shop.prod");
  await eventually(stackFile, (text) => text === scaled(4));
  expect(await pulls()).toEqual([]);
  await publish({
    pools: { workers: { ...WEB, aliases: ["web"] }, api: API },
    applied: { workers: 4, api: 2 },
  });
  await settled();
  for (const name of ["web", "workers"]) {
    const { results } = await post(`/scale/${name}`, { value: 3 });
    expect(results[0]).toMatchObject({ kind: "hold", pool: "workers", reasons: [{ code: "cooldown" }] });
  }
});

it("an app that was uninstalled and is installed again goes on where it was, and serves nobody between", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startPullStates({
    files: { ".github/pulumiscale.yml": `statusIssue: true\n${GATE[".github/pulumiscale.yml"]}` },
    internals: { statusEveryMs: 0 },
  });
  const { app, get, github, installation, post, publish, pull, settled, stackFile } = world;
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === scaled(5));
  await publish({ applied: { web: 5, api: 2 } });
  await settled();
  const asked = await post("/scale/api", { value: 8 });
  expect(asked.results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval" });
  const number = asked.results[0]?.pullRequest ?? 0;
  await settled();
  const history = await get("/pools/web/history");
  expect(history.answer).toMatchObject({ history: [{ from: 3, to: 5 }, {}] });
  const [status, ...others] = await statusIssues(world);
  expect(others).toEqual([]);
  expect(status?.body).toMatch(/`shop\.prod\/api` \| 2 \| 2 \|/);

  installation.uninstall();
  await settled();
  expect((await post("/scale/web", { value: 3 })).status).not.toBe(200);
  await github.review(REPO, number, { login: "bob", state: "APPROVED" });
  await settled();
  expect(await pull(number)).toMatchObject({ state: "open" });

  github.installApp(app, "acme", "all");
  await eventually(stackFile, (text) => text === scaled(5).replace("apiCount: 2", "apiCount: 8"));
  await settled();
  const { results } = await post("/scale/web", { value: 3 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "cooldown" }] });
  expect(await get("/pools/web/history")).toEqual(history);
  const [same, ...more] = await statusIssues(world);
  expect(more).toEqual([]);
  expect(same?.number).toBe(status?.number);
  expect(same?.body).toMatch(/`shop\.prod\/api` \| 8 \| 2 \|/);
});

it("a repository that was renamed keeps its cooldown", { timeout: TIMEOUT }, async () => {
  const { github, post, publish, replica, settled, stackFile, startReplica } = await startPullStates();
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === scaled(5));
  await publish({ applied: { web: 5, api: 2 } });
  await settled();
  await replica.stop();
  await github.renameRepository(REPO, "platform", "alice");
  const { url } = await startReplica();
  const { results } = await post("/repos/acme/platform/shop.prod/scale/web", { value: 3 }, {}, url);
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "cooldown" }] });
});

it("a repository that was renamed keeps what waits for a person, who may still approve it", {
  timeout: TIMEOUT,
}, async () => {
  const files = { ".github/pulumiscale.yml": "defaults:\n  approval:\n    above: 4\n" };
  const world = await startPullStates({ files });
  const { github, post, replica, settled, startReplica } = world;
  const number = (await post("/scale/web", { value: 8 })).results[0]?.pullRequest ?? 0;
  await settled();
  await replica.stop();
  await github.renameRepository(REPO, "platform", "alice");
  github.addCollaborator("acme/platform", "bob", "write");
  await github.review("acme/platform", number, { login: "bob", state: "APPROVED" });
  await startReplica();
  await eventually(
    () => github.readFile("acme/platform", PLACE.path),
    (text) => text === scaled(8),
  );
});
