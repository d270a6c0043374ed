import { createHash, createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { APP_ROUTES } from "../../src/http/routes.ts";
import { hostileJson, hostileText, mutated, tries } from "../fuzz/support/fuzz.ts";
import { startAppWorld } from "../support/app-world.ts";
import { type AppWorld, TOKEN } from "../support/open-app-world.ts";
import { recorded } from "../support/payloads.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"];
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/** What the App has changed at GitHub: the requests that are no reading. */
function writesOf({ github, app }: AppWorld): string[] {
  return github.requests
    .filter(({ who }) => who === app.botLogin)
    .filter(({ method, kind, points }) =>
      kind === "graphql" ? points > 1 : method !== "GET" && method !== "HEAD",
    )
    .map(({ operations }) => operations.join());
}

function raw(method: string, path: string, headers: Record<string, string> = {}, body = ""): string {
  const lines = Object.entries({
    Host: "localhost",
    Connection: "close",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

describe("someone without a credential", () => {
  test("gets the same 401, byte for byte, for whatever there is and is not, and costs GitHub nothing", {
    timeout: 60_000,
  }, async () => {
    const world = await startAppWorld();
    const { github, replica } = world;
    const paths = [
      ...APP_ROUTES.filter(({ kind }) => kind === "scaling").flatMap(({ path }) => [
        path
          .replace("{owner}", "acme")
          .replace("{repo}", "infra")
          .replace("{alias}", "shop.prod")
          .replace("{pool}", "web"),
        path
          .replace("{owner}", "acme")
          .replace("{repo}", "none")
          .replace("{alias}", "none")
          .replace("{pool}", "none"),
      ]),
      "/nowhere",
      "/.env",
      "/probot/setup",
      "/scale/web?token=wrong",
      "/scale/%00?token[]=x",
    ];
    const credentials: Record<string, string>[] = [
      {},
      { Authorization: "Bearer wrong" },
      { Authorization: `Basic ${btoa(`x:${TOKEN}`)}` },
      { Authorization: `Bearer ${hash(TOKEN)}` },
      { "X-Pulumiscale-Signature": `sha256=${"0".repeat(64)}` },
    ];
    await replica.idle();
    const before = github.requests.length;
    const answers = new Set<string>();
    for (const path of paths) {
      for (const method of path.includes("?") ? ["POST"] : METHODS) {
        for (const headers of method === "POST" ? credentials : credentials.slice(0, 2)) {
          const answer = await sendRaw(
            replica.port,
            raw(method, path, headers, method === "POST" ? '{"value":5}' : ""),
          );
          const { body, ...head } = parseRaw(answer.replace(/^date: .*\r\n/im, ""));
          expect([method, path, head.status]).toEqual([method, path, 401]);
          // A HEAD is answered without the body, by HTTP's own rule.
          if (method !== "HEAD") answers.add(JSON.stringify([[...head.headers].toSorted(), body]));
        }
      }
    }
    expect([...answers]).toHaveLength(1);
    expect(github.requests.length).toBe(before);
  });
});

describe("GitHub's events", () => {
  const examples: { name: string; examples: object[] }[] = createRequire(import.meta.url)(
    "@octokit/webhooks-examples/api.github.com/index.json",
  );
  const all = examples.flatMap(({ name, examples: payloads }) =>
    payloads.map((payload) => ({ name, payload })),
  );
  const SECRET = "the-apps-own-webhook-secret";
  const sign = (secret: string, body: string, algorithm = "sha256") =>
    `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
  const deliver = async (world: AppWorld, name: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(`${world.replica.url}/api/github/webhooks`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": name,
        "x-github-delivery": randomUUID(),
        ...headers,
      },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  };

  test("every example with a bad signature is refused and has no effect", { timeout: 120_000 }, async () => {
    const world = await startAppWorld();
    await world.replica.idle();
    const before = world.github.requests.length;
    for (const [index, { name, payload }] of all.entries()) {
      const body = JSON.stringify(payload);
      const bad: Record<string, string>[] = [
        { "x-hub-signature-256": sign("another-secret", body) },
        {},
        { "x-hub-signature-256": "" },
        { "x-hub-signature-256": sign(SECRET, `${body} `) },
        { "x-hub-signature": sign(SECRET, body, "sha1") },
        { "x-hub-signature-256": sign("development", body) },
      ];
      // Each kind of forgery for some of them, the first for all.
      for (const headers of [bad[0] ?? {}, bad[index % bad.length] ?? {}]) {
        const status = await deliver(world, name, body, headers);
        expect([name, status >= 400 && status < 500]).toEqual([name, true]);
      }
    }
    await world.replica.idle();
    expect(world.github.requests.length).toBe(before);
  });

  test("every example with a good signature is taken and writes nothing", { timeout: 120_000 }, async () => {
    const world = await startAppWorld();
    for (const { name, payload } of all) {
      const body = JSON.stringify(payload);
      expect([name, await deliver(world, name, body, { "x-hub-signature-256": sign(SECRET, body) })]).toEqual(
        [name, 200],
      );
    }
    await world.replica.idle();
    expect(writesOf(world)).toEqual([]);
  });
});

describe("whatever is sent", () => {
  test("answers no 5xx but 503, and writes only what an answer tells of, within the bounds", {
    timeout: 120_000,
  }, async () => {
    const world = await startAppWorld();
    const { replica, github, stackFile } = world;
    const segment = fc.oneof(
      fc.constantFrom("web", "api", "none", "..", "%2e%2e", "%00", "__proto__"),
      hostileText.map((it) => encodeURIComponent(it.toWellFormed()).slice(0, 300)),
    );
    const path = fc
      .tuple(fc.constantFrom(...APP_ROUTES.map((route) => route.path), "/x"), segment, hostileText)
      .map(([route, name, query]) => {
        const at = route
          .replace("{owner}", "acme")
          .replace("{repo}", "infra")
          .replace("{alias}", "shop.prod")
          .replace("{pool}", name);
        return `${at}?${encodeURIComponent(query.toWellFormed()).slice(0, 300)}`;
      });
    const body = fc
      .oneof(hostileJson, mutated(recorded("firing")), mutated({ value: 5 }), mutated({ delta: 1 }))
      .map((value) => JSON.stringify(value) ?? "");
    const credential = fc.constantFrom(`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, "Bearer wrong");
    let scaled = 0;
    await fc.assert(
      fc.asyncProperty(
        path,
        body,
        credential,
        fc.constantFrom("POST", "POST", "GET", "PUT"),
        hostileText,
        async (at, text, authorization, method, header) => {
          const odd = header.replace(/[^\x21-\x7e]/g, "");
          const request = raw(
            method,
            at,
            { Authorization: authorization, "Idempotency-Key": odd, "X-Odd": odd },
            method === "GET" ? "" : text,
          );
          const answer = parseRaw(await sendRaw(replica.port, request));
          expect(answer.status).toBeGreaterThanOrEqual(200);
          if (answer.status >= 500) {
            expect(answer.status).toBe(503);
            expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
          }
          if (answer.body.includes('"kind":"scale"')) scaled++;
        },
      ),
      tries(250),
    );
    await replica.idle();
    const commits = (await github.readLog("acme/infra", "main")).filter(({ message }) =>
      message.startsWith("scale("),
    );
    expect(commits.length).toBeLessThanOrEqual(scaled);
    if (scaled === 0) expect(writesOf(world)).toEqual([]);
    const [web = 0, api = 0] = [...((await stackFile()) ?? "").matchAll(/Count: "?(\d+)/g)].map(([, value]) =>
      Number(value),
    );
    expect(web >= 1 && web <= 10 && api >= 1 && api <= 20).toBe(true);
    expect(github.violations).toEqual([]);
  });
});

test("credentials are compared in constant time: every hash is looked at, and no secret by ===", () => {
  const read = (file: string) => readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
  const opening = read("workflows/stacks-opened-by.ts");
  const body = opening.slice(opening.indexOf("stacksOpenedBy("), opening.indexOf("/** Whether a credential"));
  // No early way out of either loop.
  expect(body).toMatch(/for \(const hash of [^)]+\) isOpen = timingSafeEqual\(hash, digest\) \|\| isOpen;/);
  expect(body).not.toMatch(/\b(?:break|some|find|includes)\b/);
  expect(body.match(/\breturn\b/g)).toHaveLength(1);
  for (const file of ["http/open-operations.ts", "workflows/stacks-opened-by.ts"])
    expect(read(file)).not.toMatch(
      /(?:token|secret|signature|digest|hash)\b\)? *[!=]==? *(?!null|undefined)[a-z]/i,
    );
});
