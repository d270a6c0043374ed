import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { SnsCertificates } from "../../src/sources/sns-certificates.ts";
import { getFromSns } from "../../src/sources/sns-get.ts";
import { createTestAws, TOPIC } from "../sns/test-aws.ts";

const HOST = "https://sns.us-east-1.amazonaws.com";
const NAMES = ["sns.amazonaws.com"];
const A_DAY_MS = 86_400_000;

async function startCertificates() {
  const aws = await createTestAws();
  const { certificate } = await aws.issue("sns.amazonaws.com", { to: new Date(Date.now() + 10 * A_DAY_MS) });
  const time = { nowMs: Date.now() };
  const certificates = new SnsCertificates({ fetch: aws.fetch, clock: () => time.nowMs });
  const find = (path: string, topic = TOPIC) =>
    certificates.find({ url: `${HOST}/${path}`, names: NAMES }, topic);
  const serve = (path: string, text = certificate) =>
    aws.answers.set(`${HOST}/${path}`, () => new Response(text));
  return { aws, time, certificates, find, serve };
}

describe("the certificates that are kept", () => {
  test("are fetched once for all who wait at the same time, and again after a day", async () => {
    const { aws, time, find, serve } = await startCertificates();
    serve("a.pem");
    for (const { kind } of await Promise.all(Array.from({ length: 50 }, () => find("a.pem"))))
      expect(kind).toBe("key");
    time.nowMs += A_DAY_MS - 60_000;
    expect((await find("a.pem")).kind).toBe("key");
    expect(aws.asked).toHaveLength(1);
    time.nowMs += 120_000;
    expect((await find("a.pem")).kind).toBe("key");
    expect(aws.asked).toHaveLength(2);
  });

  test("are kept no longer than they are valid", async () => {
    const { aws, time, find, serve } = await startCertificates();
    const short = await aws.issue("sns.amazonaws.com", { to: new Date(Date.now() + 3_600_000) });
    serve("short.pem", short.certificate);
    expect((await find("short.pem")).kind).toBe("key");
    time.nowMs += 3_700_000;
    expect(await find("short.pem")).toEqual({ kind: "bad", why: "it is not valid any more" });
  });

  test("are bounded under 10,000 different good URLs, of as many topics", async () => {
    const { aws, certificates, find, serve } = await startCertificates();
    for (let n = 0; n < 10_000; n++) serve(`${n}.pem`);
    let largest = 0;
    for (let n = 0; n < 10_000; n++) {
      await find(`${n}.pem`, `${TOPIC}-${n}`);
      largest = Math.max(largest, certificates.size);
    }
    expect(largest).toBe(200);
    expect(aws.asked).toHaveLength(10_000);
  });

  test("are five a minute for one topic, and the next minute five more", async () => {
    const { aws, time, certificates, find } = await startCertificates();
    for (let n = 0; n < 10_000; n++) expect((await find(`${n}.pem`)).kind).toBe("unavailable");
    expect([aws.asked.length, certificates.size]).toEqual([5, 0]);
    time.nowMs += 61_000;
    await find("x.pem");
    expect(aws.asked).toHaveLength(6);
    // Another topic has a budget of its own.
    for (let n = 0; n < 10; n++) await find(`${n}.pem`, `${TOPIC}-2`);
    expect(aws.asked).toHaveLength(11);
  });

  test("are good ones only: what failed is tried again", async () => {
    const { find, serve } = await startCertificates();
    serve("a.pem", "no certificate");
    expect((await find("a.pem")).kind).toBe("bad");
    serve("a.pem");
    expect((await find("a.pem")).kind).toBe("key");
  });
});

describe("a GET of SNS", () => {
  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.pem`;
  }
  const get = (url: string, withinMs = 5_000) => getFromSns(url, { fetch, withinMs, limitBytes: 1_000 });

  test("brings the answer whole", async () => {
    const url = await serve((_request, response) => response.end("pem"));
    expect(await get(url)).toEqual({ kind: "answered", status: 200, text: "pem" });
  });

  test("follows no redirect", async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked++;
      response.writeHead(302, { location: "/other.pem" }).end();
    });
    expect(await get(url)).toMatchObject({ kind: "answered", status: 302 });
    expect(asked).toBe(1);
  });

  test("ends after the limit, however much is sent", async () => {
    const url = await serve((_request, response) => {
      const send = () => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
      };
      response.on("drain", send);
      send();
    });
    expect(await get(url)).toEqual({ kind: "unanswered", why: "the answer has more than 1000 bytes" });
  });

  test("ends in time, before the head and within the body", async () => {
    const silent = await serve(() => {});
    const slow = await serve((_request, response) => response.writeHead(200).write("p"));
    for (const url of [silent, slow])
      expect(await get(url, 100)).toEqual({ kind: "unanswered", why: "no answer within 0.1 s" });
  });

  test("names what is wrong with the connection", async () => {
    expect(await get("http://127.0.0.1:1/x.pem")).toMatchObject({ kind: "unanswered" });
  });
});
