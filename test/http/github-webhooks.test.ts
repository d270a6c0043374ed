import { createHmac, generateKeyPairSync } from "node:crypto";
import { createNodeMiddleware, Probot } from "probot";
import { expect, test } from "vitest";
import { capGitHubWebhooks, type NodeHandler } from "../../src/http/github-webhooks.ts";
import { startServer } from "../support/http-server.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";
import { type RecordedLogger, recordedLogger } from "../support/recorded-logger.ts";

const SECRET = "webhook-0123456789abcdef01234567";
const PATH = "/api/github/webhooks";

/** The real Probot behind the cap; what it receives is kept. */
async function startWithProbot(bodyLimitBytes?: number) {
  const received: { id: string; ref: string }[] = [];
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const log = recordedLogger();
  const probot = new Probot({ appId: 1, privateKey, secret: SECRET, log: log.logger });
  const probotHandler = await createNodeMiddleware(
    (app) => {
      app.on("push", ({ id, payload }) => {
        received.push({ id, ref: payload.ref });
      });
    },
    { probot },
  );
  return { received, ...(await startWith(probotHandler, bodyLimitBytes)) };
}

async function startWith(
  handler: NodeHandler,
  bodyLimitBytes?: number,
  log: RecordedLogger = recordedLogger(),
) {
  const githubWebhooks = capGitHubWebhooks(handler, {
    logger: log.logger,
    clock: Date.now,
    ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
  });
  const it = await startServer({}, { githubWebhooks });
  return { it, log };
}

function signed(body: string, secret = SECRET): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
}

const push = JSON.stringify({ ref: "refs/heads/main", note: "grün" });

test("a signed webhook reaches Probot, read once, and is logged without its body", async () => {
  const { it, log, received } = await startWithProbot();
  await using _server = it;
  const response = await it.post(PATH, push, signed(push));
  expect(response.status).toBe(200);
  expect(received).toEqual([{ id: "72d3162e-cc78-11e3-81ab-4c9367dc0958", ref: "refs/heads/main" }]);
  expect(log.lines()).toMatchObject([
    {
      method: "POST",
      route: PATH,
      status: 200,
      event: "push",
      delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    },
  ]);
  expect(log.text()).not.toContain("grün");
});

test("a wrong signature is refused by Probot", async () => {
  const { it, received } = await startWithProbot();
  await using _server = it;
  const response = await it.post(PATH, push, signed(push, "another-secret"));
  expect(response.status).toBe(400);
  expect(received).toEqual([]);
});

test("a body over the limit never reaches Probot, announced or not", async () => {
  let calls = 0;
  const { it } = await startWith(async () => {
    calls++;
  }, 1000);
  await using _server = it;
  const big = "x".repeat(1001);
  expect((await it.post(PATH, big, signed(big))).status).toBe(413);
  const headers = "Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  const raw = await sendRaw(it.port, `POST ${PATH} HTTP/1.1\r\n${headers}`, `3e9\r\n${big}\r\n`, "0\r\n\r\n");
  expect(parseRaw(raw).status).toBe(413);
  expect(calls).toBe(0);
});

test("by default the limit is GitHub's own", async () => {
  const { it } = await startWith(async (_incoming, outgoing) => {
    outgoing.end();
  });
  await using _server = it;
  expect((await it.post(PATH, "x".repeat(2_000_000), {})).status).toBe(200);
  const announced = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 25000001\r\n\r\n`;
  expect(parseRaw(await sendRaw(it.port, announced)).status).toBe(413);
});

test("other paths do not reach Probot, and its own pages are not there", async () => {
  const { it } = await startWithProbot();
  await using _server = it;
  for (const path of ["/", "/probot", "/probot/setup", "/ping", `${PATH}/`, `${PATH}/x`])
    expect([path, (await it.get(path)).status]).toEqual([path, 404]);
});

test("a handler that fails or does not answer is answered for", async () => {
  const failing = await startWith(() => Promise.reject(new Error("boom")));
  await using _failing = failing.it;
  expect((await failing.it.post(PATH, push, signed(push))).status).toBe(500);
  expect(failing.log.text()).toContain("boom");
  const silent = await startWith(async () => false);
  await using _silent = silent.it;
  expect((await silent.it.post(PATH, push, signed(push))).status).toBe(404);
});
