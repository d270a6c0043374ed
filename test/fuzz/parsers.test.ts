import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanLine } from "../../src/domain/clean-text.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { parseRepositoryFile, policyOf } from "../../src/domain/repository-file.ts";
import { formatMessage, parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { hideSecretShapes } from "../../src/domain/secret-shapes.ts";
import { editPoolValue, readPoolValue } from "../../src/domain/stack-file.ts";
import { formatTrailers, parseTrailers } from "../../src/domain/trailers.ts";
import { parseJson } from "../../src/http/parse-json.ts";
import { parseQuery } from "../../src/http/query.ts";
import { digestEntry } from "../../src/ledger/attestation.ts";
import { formatEntry, parseEntry } from "../../src/ledger/entry.ts";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { parseAlertmanager } from "../../src/sources/alertmanager.ts";
import { parseCloudwatch } from "../../src/sources/cloudwatch.ts";
import { CountBody, DeltaBody, ScaleBody } from "../../src/sources/direct.ts";
import { parseWith } from "../../src/sources/parsed.ts";
import { parseSnsMessage } from "../../src/sources/sns-message.ts";
import { ledgerEntry } from "../support/open-app-world.ts";
import { recorded } from "../support/payloads.ts";
import { STACK_FILE } from "../support/shop-stack.ts";
import { garbled, hostileJson, hostileText, mutated, tries } from "./support/fuzz.ts";

const QUERY = AlertQuery.parse({});
const SCOPE = { alias: null, pool: null };
const PLACE = { project: "shop", configKey: "webCount" };
const ALARM = {
  AlarmName: "busy",
  NewStateValue: "ALARM",
  NewStateReason: "over",
  StateChangeTime: "2026-11-20T10:00:00.000+0000",
  Trigger: { Metrics: [{ Id: "m1" }] },
};
const SNS = {
  Type: "Notification",
  MessageId: "m",
  TopicArn: "arn:aws:sns:eu-west-1:123456789012:t",
  Message: "{}",
  Timestamp: "2026-11-20T10:00:00.000Z",
  SignatureVersion: "2",
  Signature: "QUJD",
  SigningCertURL: "https://sns.eu-west-1.amazonaws.com/a.pem",
};
const GOOD_CONTRACT = {
  ...ledgerEntry().pools,
  full: {
    targetUrn: ["urn:a", "urn:**"],
    configPath: "a.b[0]",
    strategy: "absolute",
    min: 0,
    max: 5,
    cooldown: 1,
    approval: { above: "50%", changeOver: 2, partial: true },
    aliases: ["old"],
    unitCost: { amount: 1, currency: "EUR", per: "hour" },
  },
};

describe("no parser throws, whatever it is given", () => {
  test("alerts", () => {
    const message = fc.oneof(
      hostileJson,
      ...(["firing", "group", "mixed"] as const).map((name) => mutated(recorded(name))),
    );
    fc.assert(
      fc.property(message, (body) => {
        const parsed = parseAlertmanager(body, SCOPE, QUERY);
        if (parsed.kind === "unprocessable") {
          expect(parsed.issues.length).toBeLessThanOrEqual(10);
          return;
        }
        for (const demand of parsed.value.demands) {
          if (demand.kind === "refuse") expect(demand.reason.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
          else {
            expectClean(demand.summary, 120);
            expect(demand.event).toMatch(/^[0-9a-f]{16}$/);
          }
        }
      }),
      tries(600),
    );
  });

  test("alarms, in the envelope of SNS and out of it", () => {
    fc.assert(
      fc.property(
        fc.oneof(hostileJson, mutated(ALARM)),
        fc.oneof(hostileJson, mutated(SNS)),
        (alarm, envelope) => {
          const text = typeof alarm === "string" ? alarm : (JSON.stringify(alarm) ?? "");
          const parsed = parseCloudwatch(text, { alias: "shop.prod", pool: "web" }, QUERY);
          if (parsed.kind === "parsed" && parsed.value?.kind === "ask")
            expectClean(parsed.value.summary, 160);
          parseSnsMessage(envelope);
        },
      ),
      tries(400),
    );
  });

  test("direct calls: an amount that passes is an integer of at most nine digits", () => {
    fc.assert(
      fc.property(fc.oneof(hostileJson, mutated({ value: 3 }), mutated({ delta: -1 })), (body) => {
        for (const schema of [CountBody, DeltaBody, ScaleBody]) {
          const parsed = parseWith<{ value?: number | undefined; delta?: number | undefined }>(
            schema,
            body,
            "$",
          );
          if (parsed.kind === "unprocessable") continue;
          const amount = parsed.value.value ?? parsed.value.delta;
          expect(Number.isInteger(amount) && Math.abs(amount ?? 0) < 1e9).toBe(true);
          expect(Object.is(amount, -0)).toBe(false);
        }
      }),
      tries(600),
    );
  });

  test("contracts: a pool that is served has bounds, and a location of its own", () => {
    fc.assert(
      fc.property(fc.oneof(hostileJson, mutated(GOOD_CONTRACT)), (output) => {
        const { contract } = parseContract(output, "shop");
        for (const pool of contract.values()) {
          expect(pool.min >= 0 && pool.min <= pool.max && pool.max <= 1_000_000).toBe(true);
          expect(pool.name).toMatch(/^[A-Za-z][\w-]{0,62}$/);
        }
        expect(new Set([...contract.values()].map(({ location }) => JSON.stringify(location))).size).toBe(
          contract.size,
        );
      }),
      tries(500),
    );
  });

  test("ledger entries: what is read can be written again", () => {
    const good = JSON.parse(formatEntry(ledgerEntry()));
    const text = fc.oneof(
      hostileText,
      garbled(formatEntry(ledgerEntry())),
      fc.oneof(hostileJson, mutated(good)).map((value) => JSON.stringify(value) ?? ""),
    );
    fc.assert(
      fc.property(text, (entry) => {
        const parsed = parseEntry(entry);
        if (parsed.kind === "entry") {
          // By its text: JSON can be read with a -0 or an Infinity that it cannot be written with.
          const written = formatEntry(parsed.entry);
          const again = parseEntry(written);
          expect(again.kind === "entry" && formatEntry(again.entry)).toBe(written);
          expect(parsed.entry.dir.split("/")).not.toContain("..");
          parseContract(parsed.entry.pools, parsed.entry.project);
        }
        digestEntry(entry);
      }),
      tries(500),
    );
  });

  test("repository files: a bad one counts as bad, never as none", () => {
    const good =
      "paused: false\ndefaults: { delivery: direct, approval: { above: 3 } }\nstacks:\n  shop.prod: { branch: main }\n";
    fc.assert(
      fc.property(
        fc.oneof(
          hostileText,
          garbled(good),
          hostileJson.map((it) => JSON.stringify(it) ?? ""),
        ),
        (text) => {
          const parsed = parseRepositoryFile(text);
          if (parsed.kind === "good") {
            for (const alias of ["shop.prod", "constructor", "toString"]) policyOf(parsed.file, alias);
            // Nothing but white space and comments is empty.
            if (Object.keys(parsed.file).length === 0)
              expect(text.replace(/#.*$/gm, "")).toMatch(/^[\s\uFEFF]*(?:\{\s*\}|null|~|-{3}|\.{3})?/);
          }
        },
      ),
      tries(500),
    );
  });

  test("stack files: an edit changes the digits of one value, or nothing is edited", () => {
    const good = `${STACK_FILE}  shop:secret:\n    secure: AAAB\n  shop:deep:\n    - { n: 1 }\n`;
    fc.assert(
      fc.property(fc.oneof(hostileText, garbled(good)), fc.integer({ min: 0, max: 999 }), (text, value) => {
        const read = readPoolValue(text, PLACE);
        const edited = editPoolValue(text, PLACE, value);
        expect(edited.kind === "edited").toBe(read.kind === "value");
        if (edited.kind === "edited" && read.kind === "value") {
          expect(edited.from).toBe(read.value);
          expect(readPoolValue(edited.text, PLACE)).toMatchObject({ value });
          expect(edited.text.length - text.length).toBe(String(value).length - String(read.value).length);
        }
      }),
      tries(600),
    );
  });

  test("commit messages and bodies of pull requests", () => {
    const { headline, body } = formatMessage(
      {
        alias: "shop.prod",
        scales: [
          {
            pool: "web",
            from: 3,
            to: 5,
            requested: 5,
            reasons: ["requested"],
            source: "scale",
            event: "0123456789abcdef",
          },
        ],
        requestedBy: "scale",
      },
      "web: 3 → 5",
    );
    fc.assert(
      fc.property(fc.oneof(hostileText, garbled(`${headline}\n\n${body}`)), (message) => {
        const commit = parseScaleCommit(message);
        for (const { pool, from, to, event } of commit?.scales ?? []) {
          expect(pool).toMatch(/^[A-Za-z][\w-]{0,62}$/);
          expect(Number.isInteger(from) && Number.isInteger(to)).toBe(true);
          expect(event).toMatch(/^[0-9a-f]{16}$/);
        }
      }),
      tries(800),
    );
  });

  test("bodies that are bytes, and queries", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), hostileText, (bytes, text) => {
        parseJson(bytes);
        const { params, token } = parseQuery(`/scale/web?${text}&token=t`);
        expect(Object.keys(params)).not.toContain("token");
        expect([null, "t"]).toContain(token);
        expect(Object.getPrototypeOf(params) === null || Object.keys(params).length === 0).toBe(true);
      }),
      tries(600),
    );
  });
});

describe("text from outside", () => {
  test("is one harmless line of bounded length", () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 200 }), (text, length) => {
        expectClean(cleanLine(text, length), length);
      }),
      tries(1500),
    );
  });

  test("forges no trailer: what is written in a value is read back as that value alone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("Scale", "Requested-By"), hostileText), { maxLength: 4 }),
        (pairs) => {
          const trailers = pairs.map(([key, value]) => ({ key, value }));
          const read = parseTrailers(formatTrailers(trailers));
          expect(read.map(({ key }) => key)).toEqual(trailers.map(({ key }) => key));
        },
      ),
      tries(600),
    );
  });

  test("keeps no secret by being odd", () => {
    const token = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";
    fc.assert(
      fc.property(hostileText, hostileText, (before, after) => {
        expect(hideSecretShapes(`${before}${token}${after}`)).not.toContain("16C7e42F292c6912E77");
        expect(hideSecretShapes(JSON.stringify(`${before}\n${token}\n${after}`))).not.toContain(
          "16C7e42F292c6912E77",
        );
      }),
      tries(600),
    );
  });
});

/** Fit for a commit, a pull request and a log: what GitHub, git, a terminal or a browser would act on is not in it. */
function expectClean(text: string, maxLength: number): void {
  expect([...text].length).toBeLessThanOrEqual(maxLength);
  expect(text.isWellFormed()).toBe(true);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(text).not.toMatch(/[@#<>`*~|\\[\]{}$&]/);
  // Inside a word it is no markdown.
  expect(text).not.toMatch(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u);
  expect(text).not.toMatch(/:\/\/|\bwww\./i);
  expect(text).not.toMatch(/\b(?:skip|no)[-\s]*(?:ci|checks|actions)\b|\b(?:ci|actions)[-\s]*skip\b/i);
  expect(text).not.toMatch(/\bGH-\d/i);
}
