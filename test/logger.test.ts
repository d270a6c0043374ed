import { Writable } from "node:stream";
import { RequestError } from "@octokit/request-error";
import { describe, expect, test } from "vitest";
import { redactor } from "../src/apply/redact.ts";
import { createLogger } from "../src/logger.ts";

const LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEAsecretkeybody".repeat(3)}\nc2Vjb25kbGluZQ==\n-----END RSA PRIVATE KEY-----\n`;
const KNOWN = 'a webhook "secret" of the operator\'s';
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJlLW9mLWl0";

/** Each with the part that no line may hold, and something to log that holds it. */
const SECRETS: readonly [what: string, hidden: string, logged: () => object | string][] = [
  ["a header", "s3cr3t", () => ({ headers: { authorization: "s3cr3t" } })],
  [
    "a header in capitals, far down",
    "s3cr3t",
    () => ({ a: { b: { c: { d: { Authorization: "s3cr3t" } } } } }),
  ],
  ["a list as header", "session=1", () => ({ req: { headers: { "set-cookie": ["session=1", "b=2"] } } })],
  ["a cookie", "session=1", () => ({ headers: { cookie: "session=1" } })],
  [
    "raw headers",
    "s3cr3t",
    () => ({ rawHeaders: ["Host", "x", "Authorization", "s3cr3t", "Accept", "*/*"] }),
  ],
  [
    "a request as text",
    "s3cr3t",
    () => ({ _header: "POST / HTTP/1.1\r\nauthorization: s3cr3t\r\nHost: x\r\n\r\n" }),
  ],
  ["an object that was printed", "s3cr3t", () => "{ headers: { authorization: 's3cr3t' } }"],
  ["JSON in a text", "s3cr3t", () => JSON.stringify({ headers: { authorization: "s3cr3t" } })],
  [
    "a bearer token in a sentence",
    "0123456789abcdef",
    () => "called with Bearer 0123456789abcdef0123, twice",
  ],
  ["a token in a URL", "0123456789", () => "POST https://h/webhook/prometheus?token=0123456789&on=firing"],
  ["a token in a URL in a URL", "0123456789", () => "https://h/?to=https%3A%2F%2Fh%2F%3Ftoken%3D0123456789"],
  [
    "a password in a URL",
    "hunter2",
    () => ({ url: "https://x-access-token:hunter2@github.com/acme/infra.git" }),
  ],
  [
    "SNS's token",
    "2336412f37fb",
    () => "https://sns.eu-west-1.amazonaws.com/?Action=Confirm&Token=2336412f37fb",
  ],
  ["an installation token", "16C7e42F292c", () => "the remote said ghs_16C7e42F292c6912E7710c838347Ae178B4a"],
  ["an installation token of the longer form", "eyJhbGci", () => `got ghs_12345_${JWT}`],
  ["a person's token", "16C7e42F292c", () => ({ text: "x\nghp_16C7e42F292c6912E7710c838347Ae178B4a" })],
  ["a fine-grained token", "11ABCDEFG0", () => "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ"],
  ["Pulumi's token", "0123456789abcdef", () => "pul-0123456789abcdef0123456789abcdef01234567"],
  ["a JWT", "eyJpc3Mi", () => [{ note: `signed ${JWT}` }]],
  ["a signature", "0123456789abcdef", () => ({ h: `sha256=${"0123456789abcdef".repeat(4)}` })],
  ["a key", "MIIEpAIBAAKC", () => ({ text: `key: ${KEY}` })],
  ["a key in JSON in a text", "MIIEpAIBAAKC", () => JSON.stringify({ text: KEY })],
  ["half of a key", "MIIEpAIBAAKC", () => KEY.slice(0, 100)],
  ["a line of a known key", "c2Vjb25kbGluZQ", () => "unexpected c2Vjb25kbGluZQ=="],
  ["a known secret", "of the operator", () => ({ a: [{ b: `it is ${KNOWN}.` }] })],
  ["a known secret in JSON", "of the operator", () => JSON.stringify({ a: KNOWN })],
  ["a known secret as a key", "of the operator", () => ({ [KNOWN]: 1 })],
  [
    "a field that is named so",
    "s3cr3t",
    () => ({ settings: { hmacSecret: "s3cr3t", private_key: "s3cr3t" } }),
  ],
  ["YAML", "hunter2hunter2", () => "config:\n  shop:dbPassword: hunter2hunter2\n  shop:count: 3\n"],
  ["a variable", "wJalrXUtnFEMI", () => "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG pulumi up"],
  ["bytes", "115,51,99", () => ({ rawBody: Buffer.from("s3cr3t") })],
  ["Octokit's error", "s3cr3t", () => requestError()],
  ["Octokit's error as a field", "s3cr3t", () => ({ error: requestError() })],
  [
    "the cause of the cause",
    "0123456789",
    () => new Error("outer", { cause: new Error("inner", { cause: new Error("?token=0123456789") }) }),
  ],
  ["errors together", "s3cr3t", () => new AggregateError([requestError()], "many")],
  ["a message of an error", "0123456789", () => new Error("GET /?token=0123456789 failed")],
  ["something that refers to itself", "s3cr3t", () => circular()],
];

function requestError(): RequestError {
  const headers = { authorization: "s3cr3t", cookie: "s3cr3t" };
  const url = "https://api.github.com/?access_token=s3cr3t";
  return new RequestError("Bad credentials", 401, {
    request: { method: "GET", url, headers },
    response: { status: 401, url, headers: { "set-cookie": "s3cr3t" }, data: { token: "s3cr3t" } },
  });
}

function circular(): object {
  const request: Record<string, unknown> = { headers: { authorization: "s3cr3t" } };
  request.self = request;
  return request;
}

function recorded(level: (typeof LEVELS)[number] = "trace") {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logger: createLogger({ level, redact: redactor([KNOWN, KEY]), destination }), lines };
}

describe("the logger lets no secret out", () => {
  test.each(SECRETS)("%s", (_what, hidden, logged) => {
    const { logger, lines } = recorded();
    for (const level of LEVELS) {
      for (const to of [logger, logger.child({ name: "probot" })]) {
        const it = logged();
        if (typeof it === "string") {
          to[level](it);
          to[level]("formatted: %s", it);
        } else {
          to[level](it);
          to[level](it, "with a message");
          to[level]({ err: it, error: it, nested: [it] }, "with a message");
          to[level]("formatted: %o %j", it, it);
        }
        to.child({ bound: it })[level]("bound");
      }
    }
    expect(lines.length).toBeGreaterThanOrEqual(LEVELS.length * 2 * 3);
    for (const line of lines) {
      expect(line).not.toContain(hidden);
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), time: expect.any(Number) });
    }
  });

  test("what is not JSON is cleaned as a text", () => {
    const { logger, lines } = recorded();
    logger.info({
      deep: JSON.parse(`${'{"a":'.repeat(3000)}{"token":"Bearer 0123456789abcdef"}${"}".repeat(3000)}`),
    });
    expect(lines.join("")).not.toContain("0123456789abcdef");
  });
});

test("a line without a secret is pino's own, byte for byte", () => {
  const { logger, lines } = recorded();
  logger.info(
    { method: "POST", route: "/scale/{pool}", status: 200, ms: 3, results: { scale: 1 } },
    "request",
  );
  expect(lines[0]).toMatch(
    /^\{"level":30,"time":\d+,"pid":\d+,"hostname":"[^"]+","method":"POST","route":"\/scale\/\{pool\}","status":200,"ms":3,"results":\{"scale":1\},"msg":"request"\}\n$/,
  );
});

test("what surrounds a secret stays", () => {
  const { logger, lines } = recorded();
  logger.warn(
    { headers: { authorization: "s3cr3t", accept: "*/*" }, n: 1 },
    "GET https://h/x?token=0123456789&on=firing",
  );
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    headers: { authorization: "***", accept: "*/*" },
    n: 1,
    msg: "GET https://h/x?token=***&on=firing",
  });
});

test("a sentence about secrets stays", () => {
  const { logger, lines } = recorded();
  for (const sentence of [
    "the token: expired; publish again",
    "JSON: unexpected token: end-of-input",
    "set it with `pulumi config set --secret pulumiscale:webhook-secret --stack prod`",
    "PULUMI_CONFIG_PASSPHRASE is not set, nor PULUMI_CONFIG_PASSPHRASE_FILE",
    "config:\n  shop:tokenCount: 3\n  shop:secret:\n    secure: v1:abc:def\n",
  ]) {
    logger.warn(sentence);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ msg: sentence });
  }
});
