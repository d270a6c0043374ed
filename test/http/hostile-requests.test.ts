import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { HMAC_SECRET, PROD_TOKEN, startServer, type TestServer } from "../support/http-server.ts";
import { recordedText } from "../support/payloads.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";

const AUTH = `Authorization: Bearer ${PROD_TOKEN}\r\n`;
const LIMIT = 1_000_000;

function head(path: string, ...headers: string[]): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${AUTH}${headers.map((it) => `${it}\r\n`).join("")}\r\n`;
}

function chunk(bytes: number): string {
  return `${bytes.toString(16)}\r\n${" ".repeat(bytes)}\r\n`;
}

/** The server still serves, and nothing was scaled. */
async function isUnharmed(it: TestServer): Promise<boolean> {
  return (await it.get("/pools")).status === 200 && it.scaling.asked.length === 0;
}

describe("large bodies", () => {
  test("a body of exactly 1 MB is read, one byte more is 413", async () => {
    await using it = await startServer();
    const pad = (bytes: number) => `${'{"value":3}'.padEnd(bytes - 1, " ")} `;
    expect((await it.post("/scale/web", pad(LIMIT))).status).toBe(200);
    const response = await it.post("/scale/web", pad(LIMIT + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ type: "urn:pulumiscale:problem:too-large", status: 413 });
  });

  test("an announced body over the limit is refused before it is sent", async () => {
    await using it = await startServer();
    const answer = parseRaw(await sendRaw(it.port, head("/scale/web", "Content-Length: 5000000000")));
    expect([answer.status, answer.headers.get("connection")]).toEqual([413, "close"]);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("a chunked body is counted while it is read", async () => {
    await using it = await startServer();
    const chunks = Array.from({ length: 40 }, () => chunk(50_000));
    const answer = parseRaw(
      await sendRaw(it.port, head("/scale/web", "Transfer-Encoding: chunked"), ...chunks),
    );
    expect([answer.status, answer.headers.get("connection")]).toEqual([413, "close"]);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("a small chunked body is read", async () => {
    await using it = await startServer();
    const body = ["7\r\n", '{"value', "\r\n", "4\r\n", '":3}', "\r\n", "0\r\n\r\n"];
    const request = head("/scale/web", "Transfer-Encoding: chunked", "Connection: close");
    expect(parseRaw(await sendRaw(it.port, request, ...body)).status).toBe(200);
    expect(it.scaling.asked).toHaveLength(1);
  });

  test("length and chunks at once are refused: the two could be read as different requests", async () => {
    await using it = await startServer();
    const request = head("/scale/web", "Content-Length: 11", "Transfer-Encoding: chunked");
    expect(parseRaw(await sendRaw(it.port, request, '{"value":3}')).status).toBe(400);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("a signed body is capped before anyone knows who signed it", async () => {
    await using it = await startServer();
    const body = " ".repeat(LIMIT + 1);
    const signature = `sha256=${createHmac("sha256", HMAC_SECRET).update(body).digest("hex")}`;
    expect((await it.post("/scale/web", body, { "x-pulumiscale-signature": signature })).status).toBe(413);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("a large body from a stranger is not read: 401", async () => {
    await using it = await startServer();
    const request =
      "POST /scale/web HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n";
    expect(parseRaw(await sendRaw(it.port, request, " ".repeat(100_000))).status).toBe(401);
  });

  test("thousands of headers are refused", async () => {
    await using it = await startServer();
    const headers = Array.from({ length: 3000 }, (_, i) => `X-Header-${i}: 0123456789`);
    expect(parseRaw(await sendRaw(it.port, head("/scale/web", ...headers))).status).toBe(431);
    expect(await isUnharmed(it)).toBe(true);
  });
});

describe("slow and broken senders", () => {
  test("a body that trickles is cut off", async () => {
    await using it = await startServer({}, { requestWithinMs: 200, headersWithinMs: 100 });
    const answer = parseRaw(await sendRaw(it.port, head("/scale/web", "Content-Length: 11"), '{"val'));
    expect(answer.status).toBe(408);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("headers that never end are cut off", async () => {
    await using it = await startServer({}, { requestWithinMs: 200, headersWithinMs: 100 });
    expect(parseRaw(await sendRaw(it.port, "POST /scale/web HTTP/1.1\r\nHost: local")).status).toBe(408);
  });

  test("a sender that goes away in the middle of its body scales nothing", async () => {
    await using it = await startServer();
    const abort = new AbortController();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"value":3}'));
      },
    });
    const request = fetch(`${it.url}/scale/web`, {
      method: "POST",
      headers: { authorization: `Bearer ${PROD_TOKEN}` },
      body,
      duplex: "half",
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(), 50);
    await expect(request).rejects.toThrow();
    await expect.poll(() => it.log.lines().map(({ status }) => status)).toEqual([400]);
    expect(await isUnharmed(it)).toBe(true);
  });
});

describe("bodies that are no message", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const cases: [string, string | Uint8Array<ArrayBuffer>][] = [
    ["nothing", ""],
    ["no JSON", "value=3"],
    ["half of JSON", '{"value":3'],
    ["JSON and more", '{"value":3}{}'],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ["UTF-16", new Uint8Array(Buffer.from('{"value":3}', "utf16le"))],
    ["an overlong encoding", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ["half a million levels", deep(499_000)],
    ["deep inside a field", `{"value":${deep(400_000)}}`],
    ["deep inside a label", `{"version":"4","groupKey":"x","alerts":[{"labels":${deep(400_000)}}]}`],
    ["a number beyond all bounds", '{"value":1e999}'],
    ["a prototype", '{"__proto__":{"value":3}}'],
    ["a constructor", '{"constructor":{"prototype":{"value":3}}}'],
    ["null", "null"],
    ["a text", '"3"'],
  ];
  test.each(cases)("%s is 422 with a path", async (_what, body) => {
    await using it = await startServer();
    for (const path of ["/scale/web", "/webhook/prometheus"]) {
      const response = await fetch(it.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${PROD_TOKEN}` },
        body: new Blob([body]),
      });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        errors: expect.arrayContaining([{ path: expect.stringMatching(/^\$/), message: expect.any(String) }]),
      });
    }
    expect(await isUnharmed(it)).toBe(true);
  });

  test("one byte that is not UTF-8 in a label that nobody reads spoils the message", async () => {
    await using it = await startServer();
    const body = Buffer.from(recordedText("firing"));
    body[body.indexOf("eu-1")] = 0xff;
    expect((await it.post("/webhook/prometheus", recordedText("firing"))).status).toBe(200);
    const response = await fetch(`${it.url}/webhook/prometheus`, {
      method: "POST",
      headers: { authorization: `Bearer ${PROD_TOKEN}` },
      body: new Blob([body]),
    });
    expect(response.status).toBe(422);
  });

  test("a byte order mark is tolerated", async () => {
    await using it = await startServer();
    expect((await it.post("/scale/web", '\uFEFF{"value":3}')).status).toBe(200);
  });

  test("what does not parse is shown to nobody", async () => {
    await using it = await startServer();
    const response = await it.post("/scale/web", '{"password":"hunter2" oops');
    expect(await response.text()).not.toContain("hunter2");
    expect(it.log.text()).not.toContain("hunter2");
  });
});

describe("paths", () => {
  test.each([
    "/scale/..%2fpools",
    "/scale/web%2Fx",
    "/scale/web%00",
    "/scale/web%0d%0aSet-Cookie:%20a=b",
    "/scale/%zz",
    "/scale/%c3%28",
    "/scale/__proto__",
    "/scale/constructor",
    "/scale/%E2%80%8Bweb",
    `/scale/${"a".repeat(8000)}`,
    "/repos/acme/infra/..%2F..%2Fother/scale/web",
    "/repos/__proto__/constructor/toString/scale/web",
    "/repos/acme%2Finfra/shop.prod/x/scale/web",
  ])("%s names nothing", async (path) => {
    await using it = await startServer();
    const response = await it.post(path, { value: 3 });
    expect(response.status).toBe(404);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(await isUnharmed(it)).toBe(true);
  });

  test.each([
    [
      "an absolute target of another host",
      "POST http://evil.example/scale/web HTTP/1.1",
      "Host: localhost",
      401,
    ],
    ["no host", "POST /scale/web HTTP/1.1", "X-Nothing: 1", 400],
    ["a host that is none", "POST /scale/web HTTP/1.1", "Host: a b", 400],
    ["a backslash", "POST /scale\\web HTTP/1.1", "Host: localhost", 400],
    ["no path", "OPTIONS * HTTP/1.1", "Host: localhost", 400],
    ["no HTTP", "hello", "Host: localhost", 400],
  ])("%s", async (_what, requestLine, header, status) => {
    await using it = await startServer();
    const request = `${requestLine}\r\n${header}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    expect(parseRaw(await sendRaw(it.port, request)).status).toBe(status);
    expect(await isUnharmed(it)).toBe(true);
  });

  test("dot segments are resolved before anything looks at the path", async () => {
    await using it = await startServer();
    const request = `GET /pools/../../../healthz/../pools HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    expect(parseRaw(await sendRaw(it.port, request)).status).toBe(401);
  });
});

test("two requests in one go are two answers, and a smuggled third is none", async () => {
  await using it = await startServer();
  const body = recordedText("firing");
  const request = head("/webhook/prometheus", `Content-Length: ${Buffer.byteLength(body)}`) + body;
  const last = `GET /pools HTTP/1.1\r\nHost: localhost\r\n${AUTH}Connection: close\r\n\r\n`;
  const answers = (await sendRaw(it.port, request + last)).match(/HTTP\/1\.1 \d+/g);
  expect(answers).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
});
