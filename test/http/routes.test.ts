import { describe, expect, test } from "vitest";
import { APP_ROUTES, methodReader, type Route } from "../../src/http/routes.ts";
import { createTestAws, TOPIC } from "../sns/test-aws.ts";
import { METRICS_TOKEN, PROD, startServer, TEAM_TOKEN } from "../support/http-server.ts";
import { recordedText } from "../support/payloads.ts";

const NAMES: Record<string, string> = { owner: "acme", repo: "infra", alias: "shop.prod", pool: "web" };

/** The path of a route about a stack and a pool that exist. */
function realPath({ path }: Route): string {
  return path.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => NAMES[name] ?? "");
}

const aws = await createTestAws();

function goodBody(route: Route): string | undefined {
  if (route.method === "GET") return undefined;
  if (route.path.endsWith("/cloudwatch")) return JSON.stringify(aws.signed("metric-alarm"));
  if (route.kind === "scaling" && route.operation === "alerts")
    return route.scope === "repository" ? recordedText("group") : recordedText("firing");
  if (route.path.endsWith("/pin")) return '{"pool":"web","value":3}';
  if (route.path.endsWith("/pause") || route.path.endsWith("/resume")) return "{}";
  return route.path.endsWith("/delta") ? '{"delta":1}' : '{"value":3}';
}

const scalingRoutes = APP_ROUTES.filter((route) => route.kind === "scaling");
const token = { authorization: `Bearer ${TEAM_TOKEN}` };

test("the table holds the routes that are promised", () => {
  const stack = [
    "POST /webhook/prometheus",
    "POST /webhook/{pool}/prometheus",
    "POST /webhook/{pool}/cloudwatch",
    "POST /webhook/{pool}/count",
    "POST /webhook/{pool}/delta",
    "POST /scale/{pool}",
    "POST /pause",
    "POST /pin",
    "POST /resume",
    "GET /pools",
    "GET /pools/{pool}",
    "GET /pools/{pool}/history",
  ];
  expect(APP_ROUTES.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    [
      ...stack,
      ...stack.map((route) => route.replace(" ", " /repos/{owner}/{repo}/{alias}")),
      "POST /repos/{owner}/{repo}/webhook/prometheus",
      "GET /healthz",
      "GET /readyz",
      "GET /metrics",
      "GET /openapi.json",
    ].sort(),
  );
});

test.each(APP_ROUTES)("$method $path answers", async (route) => {
  await using it = await startServer({ sns: { fetch: aws.fetch } });
  it.scaling.topics.set(PROD.id, { kind: "topics", arns: new Set([TOPIC]) });
  const isMetrics = route.path === "/metrics";
  const response = await fetch(it.url + realPath(route), {
    method: route.method,
    headers: isMetrics ? { authorization: `Bearer ${METRICS_TOKEN}` } : token,
    body: goodBody(route) ?? null,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const text = await response.text();
  if (isMetrics) expect(text).toContain("pulumiscale_pool_committed");
  else if (route.answer !== null) expect(route.answer.safeParse(JSON.parse(text)).error).toBeUndefined();
});

describe("without a credential", () => {
  const requests = [
    ...scalingRoutes.map((route) => [route.method, realPath(route)] as const),
    ["POST", "/webhook/nope/count"],
    ["POST", "/repos/acme/infra/nope/scale/web"],
    ["GET", "/repos/nope/nope/nope/pools"],
    ["DELETE", "/pools"],
    ["GET", "/scale/web"],
    ["PUT", "/nope"],
    ["GET", "/"],
    ["GET", "/%zz"],
    ["GET", "/pools?dryRun=true&dryRun=true"],
  ] as const;
  const credentials: Record<string, string>[] = [
    {},
    { authorization: "Bearer wrong-0123456789abcdef0123456789" },
    { authorization: "Bearer " },
    { authorization: `Basic ${Buffer.from(`x:${TEAM_TOKEN}`).toString("base64")}` },
    { "x-pulumiscale-signature": `sha256=${"0".repeat(64)}` },
    { "x-pulumiscale-signature": "md5=1" },
  ];

  test("the answer is the same to the last byte, whatever is asked for and how", async () => {
    await using it = await startServer();
    const seen = new Set<string>();
    for (const [method, path] of requests) {
      for (const headers of credentials) {
        const body = method === "GET" ? null : '{"value":3}';
        const response = await fetch(it.url + path, { method, headers, body });
        const shown = [...response.headers].filter(([name]) => name !== "date");
        seen.add(JSON.stringify([response.status, shown, await response.text()]));
      }
    }
    expect([...seen]).toEqual([expect.stringContaining("No valid credential")]);
    expect([...seen][0]).toMatch(/^\[401,.*www-authenticate.*Bearer/);
    expect(it.scaling.asked).toEqual([]);
  });

  test("a wrong token in the URL is no different", async () => {
    await using it = await startServer();
    const wrong = await it.post("/webhook/web/count?token=wrong", { value: 3 }, {});
    const none = await it.post("/webhook/web/count", { value: 3 }, {});
    expect([wrong.status, await wrong.text()]).toEqual([401, await none.text()]);
  });

  test("while stacks are still being listed nobody is told 401: it would be final", async () => {
    await using it = await startServer();
    it.scaling.notReady = ["the installed repositories are still being listed"];
    const response = await it.post("/webhook/prometheus", recordedText("firing"), {});
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
  });
});

describe("with a credential", () => {
  const byPath = Map.groupBy(APP_ROUTES, realPath);
  const wrong = Array.from(byPath.keys()).flatMap((path) =>
    ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
      .filter((method) => !methodReader(APP_ROUTES)(path).includes(method))
      .map((method) => [method, path] as const),
  );
  test("another method is 405 and told what is allowed", async () => {
    await using it = await startServer();
    expect(wrong.length).toBeGreaterThan(100);
    for (const [method, path] of wrong) {
      const response = await fetch(it.url + path, { method, headers: token });
      expect([method, path, response.status]).toEqual([method, path, 405]);
      expect(response.headers.get("allow")).toBe(methodReader(APP_ROUTES)(path).join(", "));
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("HEAD answers as GET does, without a body", async () => {
    await using it = await startServer();
    const response = await fetch(`${it.url}/pools`, { method: "HEAD", headers: token });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test.each([
    "/nope",
    "/",
    "/pools/",
    "/webhook/cloudwatch",
    "/webhook//count",
    "/repos/acme/infra",
    "/Pools",
  ])("%s is no route", async (path) => {
    await using it = await startServer();
    const response = await it.post(path, {}, token);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      type: "urn:pulumiscale:problem:unknown-route",
      instance: path,
    });
  });

  test.each(scalingRoutes)("$method $path knows no parameter that it would ignore", async (route) => {
    await using it = await startServer();
    const query = route.path.includes("/scale/") ? "dryrun=true" : "dryRun=true";
    const response = await fetch(`${it.url}${realPath(route)}?${query}`, {
      method: route.method,
      headers: token,
      body: goodBody(route) ?? null,
    });
    expect(response.status).toBe(422);
    expect(it.scaling.asked).toEqual([]);
  });

  test.each(scalingRoutes)("$method $path takes no parameter twice", async (route) => {
    await using it = await startServer();
    const response = await fetch(`${it.url}${realPath(route)}?on=firing&on=firing`, {
      method: route.method,
      headers: token,
      body: goodBody(route) ?? null,
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ path: "?on" }] });
  });
});
