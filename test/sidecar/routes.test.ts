import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Route, SIDECAR_ROUTES } from "../../src/http/routes.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";
import { openProgram } from "./support/open-program.ts";
import type { Program } from "./support/program.ts";
import { readWorld } from "./support/read-bytes.ts";
import { recordingAlerts } from "./support/recording-alerts.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const OPEN_PATHS = ["/healthz", "/readyz", "/openapi.json"];
const BODY = '{"value":7}';

let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  serve = await startServe(program);
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

/** The path of a route, about a pool that there is or is not. */
function pathOf({ path }: Route, pool: string): string {
  return path.replace("{pool}", pool).replace("{operation}", "0".repeat(40));
}

/** Each route about a pool that there is and one that there is not, the app's own routes, and what no route has. */
function everyPath(): string[] {
  const own = SIDECAR_ROUTES.flatMap((route) => [pathOf(route, "steady"), pathOf(route, "nobody")]);
  const foreign = [
    ...["/", "/nowhere", "/pools/", "/POOLS", "//pools", "/scale", "/scale/steady/more", "/%zz"],
    ...["/repos/local/work/pace.dev/pools", "/repos/local/work/pace.dev/scale/steady"],
    ...["/repos/local/work/webhook/prometheus", "/api/github/webhooks", "/healthz/", "/metrics/x"],
    ...["/pools?wait=true&wait=true", "/operations/..%2f..%2fetc", "/scale/steady?dryRun=true"],
  ];
  return [...new Set([...own, ...foreign])];
}

/** One request as it is written, so that nothing of it is put in order on the way. */
async function ask(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: string = BODY,
) {
  const all = {
    host: "127.0.0.1",
    connection: "close",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const raw = await sendRaw(
    Number(new URL(serve.url).port),
    `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`,
  );
  return parseRaw(raw);
}

const sign = (secret: string, body: string) =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** What a stranger may try, the right secret in a wrong place among it. */
function strangers(): { name: string; query: string; headers: Record<string, string> }[] {
  const { secret } = program;
  const basic = Buffer.from(`x:${secret}`).toString("base64");
  const by = (name: string, headers: Record<string, string>, query = "") => ({ name, query, headers });
  return [
    by("no credential", {}),
    by("a wrong token", { authorization: `Bearer ${secret.slice(0, -1)}x` }),
    by("a longer token", { authorization: `Bearer ${secret}x` }),
    by("an empty token", { authorization: "Bearer " }),
    by("the token as a password", { authorization: `Basic ${basic}` }),
    by("the token alone", { authorization: secret }),
    by("the token in a header of another name", { "x-pulumiscale-token": secret, "x-api-key": secret }),
    by("the token in a cookie", { cookie: `token=${secret}` }),
    by("the token in another parameter", {}, `secret=${secret}`),
    by("the token twice", {}, `token=${secret}&token=${secret}`),
    by("a wrong token in the URL", {}, `token=${"w".repeat(secret.length)}`),
    by("the token in the URL beside a wrong one", { authorization: "Bearer wrong" }, `token=${secret}`),
    by("a signature by another secret", { "x-pulumiscale-signature": sign("wrong", BODY) }),
    by("a signature of another body", { "x-pulumiscale-signature": sign(secret, '{"value":8}') }),
    by("a signature of another kind", { "x-pulumiscale-signature": "md5=1" }),
    by("the token as a signature", { "x-pulumiscale-signature": secret }),
  ];
}

describe("without a valid credential", () => {
  test("every route and method, and what no route has, answers the same 401 to the last byte", async () => {
    const before = readWorld(program);
    const seen = new Map<string, string>();
    for (const path of everyPath()) {
      for (const method of METHODS) {
        if (OPEN_PATHS.includes(path)) continue;
        for (const { name, query, headers } of strangers()) {
          const target = query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
          const { status, headers: shown, body } = await ask(method, target, headers);
          shown.delete("date");
          // A HEAD has no body; all else of it is the same.
          const kind = method === "HEAD" ? "HEAD" : "other";
          const answer = JSON.stringify([kind, status, [...shown], body]);
          if (!seen.has(answer)) seen.set(answer, `${method} ${target} with ${name}`);
        }
      }
    }
    expect([...seen].map(([answer, first]) => ({ answer, first }))).toEqual([
      { answer: expect.stringMatching(/^\["other",401,.*No valid credential/), first: expect.any(String) },
      { answer: expect.stringMatching(/^\["HEAD",401,.*,""\]$/), first: expect.any(String) },
    ]);
    expect(readWorld(program)).toEqual(before);
  }, 120_000);

  test("the open routes tell nothing of the stack", async () => {
    for (const path of OPEN_PATHS) {
      const { status, body } = await ask("GET", path, {}, "");
      expect([path, status]).toEqual([path, 200]);
      expect(body).not.toMatch(/steady|fragile|pace\.dev/);
      expect([path, (await ask("POST", path)).status]).toEqual([path, 405]);
    }
  });

  test("no log line has the secret, wherever it stood", () => {
    expect(serve.lines.some((line) => line.includes('"status":401'))).toBe(true);
    expect(serve.lines.join("\n")).not.toContain(program.secret);
  });
});

/** A body that each route takes, for a pool that stands at its value. */
function bodyFor(route: Route): string {
  if (route.method === "GET") return "";
  if (route.path.endsWith("/delta")) return '{"delta":0}';
  if (route.path.endsWith("prometheus"))
    return JSON.stringify(
      recordingAlerts({ labels: { pool: "steady" }, annotations: { pulumiscale_value: "1" } }),
    );
  if (route.path.endsWith("/pin")) return '{"pool":"steady","value":1}';
  if (route.path.endsWith("/pause") || route.path.endsWith("/resume")) return '{"pool":"steady"}';
  return '{"value":1}';
}

describe("with the stack's secret", () => {
  const routes = SIDECAR_ROUTES.filter(({ kind }) => kind === "scaling");
  const ways: [string, (body: string) => { query?: string; headers?: Record<string, string> }][] = [
    ["as a bearer token", () => ({ headers: { authorization: `Bearer ${program.secret}` } })],
    ["in the URL", () => ({ query: `?token=${program.secret}` })],
    ["as a signature", (body) => ({ headers: { "x-pulumiscale-signature": sign(program.secret, body) } })],
  ];

  test.each(ways)(
    "%s every route answers, and tells which pools there are",
    async (_, present) => {
      for (const route of routes) {
        const body = bodyFor(route);
        const { query = "", headers } = present(body);
        const real = await ask(route.method, pathOf(route, "steady") + query, headers, body);
        // No SNS has signed this body, and no commit has that id.
        const expected = route.operation === "cloudwatch" ? 422 : route.operation === "operation" ? 404 : 200;
        expect([route.path, real.status]).toEqual([route.path, expected]);
        if (!route.path.includes("{pool}")) continue;
        const other = await ask(route.method, pathOf(route, "nobody") + query, headers, body);
        expect([route.path, other.status, JSON.parse(other.body).type]).toEqual([
          ...[route.path, 404, "urn:pulumiscale:problem:unknown-pool"],
        ]);
      }
      expect((await program.git("log", "--format=%s")).trim()).toBe("feat: the infrastructure");
    },
    60_000,
  );

  test("the methods that a route does not have are named, and the app's routes are unknown", async () => {
    const headers = { authorization: `Bearer ${program.secret}` };
    for (const route of routes) {
      const path = pathOf(route, "steady");
      const allowed = routes.filter((other) => pathOf(other, "steady") === path).map(({ method }) => method);
      for (const method of METHODS.filter((one) => one !== "HEAD" && !allowed.some((it) => it === one)))
        expect([method, path, (await ask(method, path, headers)).status]).toEqual([method, path, 405]);
    }
    for (const path of [
      "/repos/local/work/pace.dev/pools",
      "/repos/local/work/webhook/prometheus",
      "/nowhere",
    ])
      for (const method of ["GET", "POST"])
        expect([path, (await ask(method, path, headers)).status]).toEqual([path, 404]);
    expect((await ask("POST", "/api/github/webhooks", headers)).status).toBe(404);
  }, 60_000);
});
