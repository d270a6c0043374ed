import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HistoryAnswer, PoolAnswer } from "../../src/http/answers.ts";
import { askToScale, scaleToEnd } from "../sidecar/support/ask-serve.ts";
import { startServe } from "../sidecar/support/start-serve.ts";
import { runCommand } from "../world/run-command.ts";
import { describeRun, startWorld, until, type World } from "../world/start-world.ts";

/** "Move to the app" in docs/sidecar.md: the sidecar pushes, the Action publishes, the app takes over. */
let world: World;
beforeAll(async () => {
  const config = { webCount: "3", queueCount: "5", idleCount: "1" };
  world = await startWorld({ program: "yaml-stash", config });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

it("takes the contract, the secret, the cooldown and the history along", async () => {
  const clone = join(world.directory, "clone");
  const environment = { ...process.env, ...world.environment, HOME: world.directory };
  const token = world.github.issueToken({ kind: "user", login: "alice" });
  const origin = `${world.github.url.replace("http://", `http://x-access-token:${token}@`)}/acme/infra.git`;
  const git = (...args: string[]) => runCommand("git", args, { cwd: clone, env: environment });
  await runCommand("git", ["clone", "--quiet", origin, clone], { env: environment });
  await git("config", "user.name", "The sidecar");
  await git("config", "user.email", "sidecar@example.com");

  const program = { workDir: clone, environment, secret: world.token };
  const serve = await startServe(program, ["--stack", "prod", "--push"]);
  const read = async (url: string, path: string): Promise<unknown> =>
    (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${world.token}` } })).json();
  let before: unknown;
  try {
    await scaleToEnd(serve, "/scale/web", { delta: 2 });
    await scaleToEnd(serve, "/webhook/queue/count", { value: 9 });
    before = await histories(serve.url);
  } finally {
    expect(await serve.stop()).toBe(0);
  }
  const head = (await git("rev-parse", "HEAD")).trim();
  expect(await world.github.readRef(world.repository, "main")).toBe(head);
  await until(
    "the deploy of the last scale",
    () => world.runner.runs.at(-1)?.sha,
    (sha) => sha === head,
  );
  await world.runner.waitForIdle();
  const newest = world.runner.runs.at(-1);
  expect(newest?.conclusion, describeRun(newest)).toBe("success");

  const app = await world.startApp();
  expect(await histories(app.url)).toEqual(before);
  expect(PoolAnswer.parse(await read(app.url, "/pools/web"))).toMatchObject({ committed: 5, applied: 5 });
  const request = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${world.token}` };
    const response = await fetch(`${app.url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as unknown };
  };
  expect(await askToScale({ request, lines: app.process.lines }, "/scale/web", { delta: 1 })).toMatchObject({
    ...{ kind: "hold", from: 5, reasons: [{ code: "cooldown" }] },
  });

  async function histories(url: string): Promise<unknown> {
    return Promise.all(
      ["web", "queue"].map(async (pool) => HistoryAnswer.parse(await read(url, `/pools/${pool}/history`))),
    );
  }
}, 120_000);
