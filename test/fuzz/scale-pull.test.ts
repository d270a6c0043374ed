import fc from "fast-check";
import { expect, test } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { parseXyChart } from "../delivery/parse-xychart.ts";
import { readMarkdown } from "../delivery/read-markdown.ts";
import { aChange, aContract, aDecision, messageOf, preparedOf, pullOf } from "../delivery/scale-pull.ts";
import { garbled, hostileText, tries } from "./support/fuzz.ts";

const integer = fc.oneof(fc.integer({ min: -5, max: 50 }), fc.maxSafeInteger());
const value = fc.option(fc.oneof(integer, fc.double()));
const changes = fc.array(
  fc.tuple(fc.double(), value, value).map(([seconds, from, to]) => aChange(seconds, from, to)),
  { maxLength: 20 },
);
const texts = fc.record({
  why: hostileText,
  summary: hostileText,
  requestedBy: hostileText,
  path: hostileText,
  branch: hostileText,
  currency: hostileText,
});

test("no text from outside forges a part of a scale pull request", () => {
  fc.assert(
    fc.property(texts, changes, fc.boolean(), (given, history, gated) => {
      const { path, branch, currency, ...asked } = given;
      const contract = aContract({ unitCost: { amount: 1, currency, per: "hour" } });
      const decisions = [aDecision(asked), aDecision({ ...asked, pool: "api", from: 2, to: 5 })];
      const plan = preparedOf(decisions, { contract });
      const { title, body } = pullOf(plan, decisions, { path, branch, gated, historyOf: () => history });
      expect(title).toBe("scale(shop.prod): web 3 → 4, api 2 → 5");
      const { rows, charts } = readMarkdown(body);
      expect(rows).toHaveLength(4);
      for (const row of rows) expect(row.split("|")).toHaveLength(8);
      for (const chart of charts.map(parseXyChart)) {
        expect(chart.categories).toHaveLength(chart.values.length);
        expect(chart.values.length).toBeLessThanOrEqual(12);
        for (const shown of chart.values) {
          expect(shown).toBeGreaterThanOrEqual(chart.min);
          expect(shown).toBeLessThanOrEqual(chart.max);
        }
      }
      const read = parseScaleCommit(body);
      expect(read?.scales).toEqual(plan.commit.scales);
      expect(read?.approvedBy).toBeUndefined();
      // Nothing of ours stands below them, and each stands there once.
      const [first = "", ...trailers] = body.split("\n").slice(-4);
      expect([first, ...trailers].every((line) => line.startsWith("Pulumiscale-"))).toBe(true);
      expect(body.match(/^Pulumiscale-/gm)).toHaveLength(4);
    }),
    tries(400),
  );
});

test("a pull request that is made anew from a rewritten commit is not forged either, and words that were kept stay the same", () => {
  const decisions = [aDecision({ summary: "HighLoad: the queue grows" })];
  const message = messageOf(preparedOf(decisions), decisions);
  const rewritten = fc.oneof(
    garbled(message),
    fc.tuple(hostileText, hostileText).map(([why, asked]) => {
      const line = `web: 3 → 4: ${why} [${asked}]`;
      return message.replace(/^web: .*$/m, () => line);
    }),
  );
  fc.assert(
    fc.property(rewritten, hostileText, (headMessage, requestedBy) => {
      const scales =
        parseScaleCommit(headMessage)
          ?.scales.filter(({ pool }) => pool === "web")
          .slice(0, 1) ?? [];
      fc.pre(scales.length > 0);
      const carried = { scales, requestedBy };
      const plan = preparedOf([], { carried, said: { inRange: { headMessage } } });
      const { body } = pullOf(plan, [], { gated: true });
      expect(readMarkdown(body).rows).toHaveLength(3);
      expect(body.match(/^Pulumiscale-/gm)).toHaveLength(3);
      const again = preparedOf([], { carried, said: { inRange: { headMessage: messageOf(plan) } } });
      expect(messageOf(again)).toBe(messageOf(plan));
    }),
    tries(400),
  );
});
