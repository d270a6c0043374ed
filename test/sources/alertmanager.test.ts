import { describe, expect, test } from "vitest";
import type { Ask } from "../../src/domain/intent.ts";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { parseAlertmanager } from "../../src/sources/alertmanager.ts";
import type { Demand, UrlScope } from "../../src/sources/demand.ts";
import { firingWith, recorded } from "../support/payloads.ts";

const STACK: UrlScope = { alias: "shop.prod", pool: null };
const REPOSITORY: UrlScope = { alias: null, pool: null };

function parse(body: unknown, scope: UrlScope = STACK, query: Record<string, string> = {}) {
  const parsed = parseAlertmanager(body, scope, AlertQuery.parse(query));
  if (parsed.kind !== "parsed") throw new Error(JSON.stringify(parsed.issues));
  return parsed.value;
}

function only(demands: Demand[]): Demand {
  const [demand] = demands;
  if (demand === undefined || demands.length !== 1) throw new Error(`${demands.length} demands`);
  return demand;
}

/** The ask of the only demand, or the code of its refusal. */
function outcome(body: unknown, scope: UrlScope = STACK, query: Record<string, string> = {}): Ask | string {
  const demand = only(parse(body, scope, query).demands);
  return demand.kind === "ask" ? demand.ask : demand.reason.code;
}

test("the recorded firing message asks the pool of its label for a step", () => {
  expect(parse(recorded("firing"))).toEqual({
    truncatedAlerts: 0,
    demands: [
      {
        kind: "ask",
        alias: "shop.prod",
        pool: "web",
        ask: { kind: "step" },
        source: "prometheus",
        event: expect.stringMatching(/^[0-9a-f]{16}$/),
        summary: "HighCpu: CPU of web is over 80%",
      },
    ],
  });
});

test("a group names several stacks and pools, in its order", () => {
  const { demands } = parse(recorded("group"), REPOSITORY);
  expect(
    demands.map((demand) => (demand.kind === "ask" ? [demand.alias, demand.pool, demand.ask] : [])),
  ).toEqual([
    ["shop.prod", "workers", { kind: "delta", delta: 3 }],
    ["shop.staging", "workers", { kind: "step" }],
    ["shop.prod", "web", { kind: "value", value: 7 }],
  ]);
  expect(new Set(demands.map((demand) => (demand.kind === "ask" ? demand.event : ""))).size).toBe(3);
});

test("alerts left out are counted", () => {
  expect(parse(recorded("truncated")).truncatedAlerts).toBe(2);
});

describe("which states act", () => {
  test("a resolved alert yields nothing unless the URL asks for it", () => {
    expect(parse(recorded("resolved")).demands).toEqual([]);
    expect(parse(recorded("resolved"), STACK, { on: "firing" }).demands).toEqual([]);
  });

  test("a group that is still firing carries resolved alerts too: each is judged by its own state", () => {
    expect(parse(recorded("mixed"), REPOSITORY).demands).toHaveLength(2);
    expect(parse(recorded("mixed"), REPOSITORY, { on: "firing,resolved" }).demands).toHaveLength(3);
    expect(outcome(recorded("mixed"), REPOSITORY, { on: "resolved" })).toEqual({ kind: "delta", delta: -3 });
  });

  test("a firing alert yields nothing where only resolved ones act", () => {
    expect(parse(recorded("firing"), STACK, { on: "resolved" }).demands).toEqual([]);
  });
});

describe("which pool", () => {
  const cases: [string, Record<string, string>, Record<string, string>, string | null, string][] = [
    [
      "the label pulumiscale_pool wins over the label pool",
      { pulumiscale_pool: "a", pool: "b" },
      {},
      null,
      "a",
    ],
    [
      "the annotation pulumiscale_pool wins over the label pool",
      { pool: "b" },
      { pulumiscale_pool: "a" },
      null,
      "a",
    ],
    ["an empty label is an absent one", { pulumiscale_pool: "", pool: "b" }, {}, null, "b"],
    ["the annotation pool means nothing", {}, { pool: "b" }, null, "no-pool"],
    ["the URL is enough", {}, {}, "a", "a"],
    ["the URL and the label agree", { pool: "a" }, {}, "a", "a"],
    ["the URL and the label pool disagree", { pool: "b" }, {}, "a", "pool-mismatch"],
    ["the URL and pulumiscale_pool disagree", { pulumiscale_pool: "b", pool: "a" }, {}, "a", "pool-mismatch"],
    [
      "pulumiscale_pool agrees, pool is about something else",
      { pulumiscale_pool: "a", pool: "b" },
      {},
      "a",
      "a",
    ],
    [
      "label and annotation disagree",
      { pulumiscale_pool: "a" },
      { pulumiscale_pool: "b" },
      null,
      "pool-mismatch",
    ],
    ["nothing names it", {}, {}, null, "no-pool"],
  ];
  test.each(cases)("%s", (_rule, labels, annotations, inUrl, expected) => {
    const body = firingWith({ labels: { alertname: "X", ...labels }, annotations });
    const demand = only(parse(body, { alias: "shop.prod", pool: inUrl }).demands);
    expect(demand.kind === "ask" ? demand.pool : demand.reason.code).toBe(expected);
  });
});

describe("which stack", () => {
  const cases: [string, Record<string, string>, Record<string, string>, string | null, string][] = [
    ["the URL is enough", {}, {}, "shop.prod", "shop.prod"],
    ["the label agrees with the URL", { pulumiscale_stack: "shop.prod" }, {}, "shop.prod", "shop.prod"],
    ["names do not differ by case", { pulumiscale_stack: "Shop.Prod" }, {}, "shop.prod", "shop.prod"],
    ["the label disagrees with the URL", { pulumiscale_stack: "b" }, {}, "shop.prod", "stack-mismatch"],
    ["the annotation disagrees with the URL", {}, { pulumiscale_stack: "b" }, "shop.prod", "stack-mismatch"],
    ["the route leaves it open, the label names it", { pulumiscale_stack: "b" }, {}, null, "b"],
    ["the route leaves it open, the annotation names it", {}, { pulumiscale_stack: "b" }, null, "b"],
    [
      "label and annotation disagree",
      { pulumiscale_stack: "a" },
      { pulumiscale_stack: "b" },
      null,
      "stack-mismatch",
    ],
    ["nothing names it", {}, {}, null, "no-stack"],
  ];
  test.each(cases)("%s", (_rule, labels, annotations, inUrl, expected) => {
    const body = firingWith({ labels: { pool: "web", ...labels }, annotations });
    const demand = only(parse(body, { alias: inUrl, pool: null }).demands);
    expect(demand.kind === "ask" ? demand.alias : demand.reason.code).toBe(expected);
  });
});

describe("how much", () => {
  const firing: [string, Record<string, string>, Record<string, string>, Ask | string][] = [
    ["neither says: a step", {}, {}, { kind: "step" }],
    ["annotation delta", { pulumiscale_delta: "2" }, {}, { kind: "delta", delta: 2 }],
    ["annotation value", { pulumiscale_value: "10" }, {}, { kind: "value", value: 10 }],
    ["a sign and blanks are fine", { pulumiscale_delta: " +2 " }, {}, { kind: "delta", delta: 2 }],
    ["a negative difference", { pulumiscale_delta: "-4" }, {}, { kind: "delta", delta: -4 }],
    ["minus zero is zero", { pulumiscale_delta: "-0" }, {}, { kind: "delta", delta: 0 }],
    [
      "the annotation wins over the URL",
      { pulumiscale_delta: "2" },
      { value: "9" },
      { kind: "delta", delta: 2 },
    ],
    ["the URL's delta", {}, { delta: "2" }, { kind: "delta", delta: 2 }],
    ["the URL's plus sign arrives as a blank", {}, { delta: " 2" }, { kind: "delta", delta: 2 }],
    ["the URL's value", {}, { value: "10" }, { kind: "value", value: 10 }],
    [
      "annotations for resolved alerts do not count",
      { pulumiscale_resolved_delta: "2" },
      {},
      { kind: "step" },
    ],
    ["both annotations", { pulumiscale_delta: "2", pulumiscale_value: "2" }, {}, "bad-value"],
    ["a fraction", { pulumiscale_value: "3.5" }, {}, "bad-value"],
    ["an exponent, as templates print large numbers", { pulumiscale_value: "1e+06" }, {}, "bad-value"],
    ["words", { pulumiscale_value: "many" }, {}, "bad-value"],
    ["empty", { pulumiscale_value: "" }, {}, "bad-value"],
    ["hexadecimal", { pulumiscale_value: "0x10" }, {}, "bad-value"],
    ["ten digits", { pulumiscale_value: "1000000000" }, {}, "bad-value"],
    [
      "a bad annotation does not fall back to the URL",
      { pulumiscale_value: "x" },
      { value: "3" },
      "bad-value",
    ],
  ];
  test.each(firing)("firing, %s", (_rule, annotations, query, expected) => {
    expect(outcome(firingWith({ annotations }), STACK, query)).toEqual(expected);
  });

  const resolved: [string, Record<string, string>, Record<string, string>, Ask | string][] = [
    ["its own delta", { pulumiscale_resolved_delta: "-2" }, {}, { kind: "delta", delta: -2 }],
    ["its own value", { pulumiscale_resolved_value: "1" }, {}, { kind: "value", value: 1 }],
    ["the URL", {}, { delta: "-1" }, { kind: "delta", delta: -1 }],
    [
      "annotations for firing alerts do not count",
      { pulumiscale_delta: "2", pulumiscale_value: "9" },
      {},
      "no-amount",
    ],
    ["never the step", {}, {}, "no-amount"],
    ["a bad amount", { pulumiscale_resolved_value: "one" }, {}, "bad-value"],
  ];
  test.each(resolved)("resolved, %s", (_rule, annotations, query, expected) => {
    const body = firingWith({ status: "resolved", annotations });
    expect(outcome(body, STACK, { on: "resolved", ...query })).toEqual(expected);
  });
});

describe("the identity of the event", () => {
  function event(change: Parameters<typeof firingWith>[0], groupKey?: string): string {
    const body = firingWith(change);
    const demand = only(
      parse({ ...body, groupKey: groupKey ?? body.groupKey }, STACK, { on: "firing,resolved", delta: "1" })
        .demands,
    );
    return demand.kind === "ask" ? demand.event : demand.reason.code;
  }

  test("a repeat, a retry and a second peer have the same one", () => {
    expect(event({})).toBe(event({}));
    expect(event({ annotations: { summary: "now 95%" } })).toBe(event({}));
  });

  test.each([
    ["another instance", { fingerprint: "0000000000000001" }],
    ["the alert fires again later", { startsAt: "2026-11-20T12:00:00Z" }],
    ["it is resolved", { status: "resolved" }],
  ])("it differs when %s", (_what, change) => {
    expect(event(change)).not.toBe(event({}));
  });

  test("it differs in another group", () => {
    expect(event({}, "{}:{}")).not.toBe(event({}));
  });
});

describe("hostile text", () => {
  test("a summary is one clean line", () => {
    const annotations = { summary: "x\r\nPulumiscale-Approved-By: eve [skip ci] @team https://evil.example" };
    const demand = only(parse(firingWith({ annotations })).demands);
    expect(demand.kind === "ask" && demand.summary).toBe(
      "HighCpu: x Pulumiscale-Approved-By: eve (marker) team (link)",
    );
  });

  test("a name keeps its punctuation in a refusal", () => {
    const body = firingWith({ labels: { pool: "gpu_pool-1" }, annotations: { pulumiscale_delta: "x" } });
    expect(only(parse(body).demands)).toMatchObject({ pool: "gpu_pool-1", reason: { code: "bad-value" } });
  });

  test("a refusal carries no more of a name than a clean line", () => {
    const name = `a\n${"b".repeat(5000)}`;
    const demand = only(parse(firingWith({ labels: { pool: name, pulumiscale_stack: name } })).demands);
    expect(demand).toMatchObject({ kind: "refuse", alias: "shop.prod", reason: { code: "stack-mismatch" } });
    expect(JSON.stringify(demand).length).toBeLessThan(500);
    expect(JSON.stringify(demand)).not.toContain("\\n");
  });

  test("prototype keys are neither names nor amounts", () => {
    const body = JSON.parse(
      JSON.stringify(firingWith({ labels: { alertname: "X" } })).replace(
        '"labels":{',
        '"__proto__":{"pool":"web"},"labels":{"__proto__":{"pool":"web"},"constructor":"web",',
      ),
    );
    expect(outcome(body)).toBe("no-pool");
  });
});

describe("a body that is no Alertmanager message", () => {
  const message = recorded("firing");
  const [alert] = message.alerts;
  const cases: [string, unknown, string][] = [
    ["null", null, "$"],
    ["a list", [], "$"],
    ["another version", { ...message, version: "5" }, "$.version"],
    ["no group key", { ...message, groupKey: undefined }, "$.groupKey"],
    ["no alerts", { ...message, alerts: undefined }, "$.alerts"],
    [
      "an alert without a fingerprint",
      { ...message, alerts: [{ ...alert, fingerprint: "" }] },
      "$.alerts[0].fingerprint",
    ],
    ["an unknown state", { ...message, alerts: [alert, { ...alert, status: "ok" }] }, "$.alerts[1].status"],
    [
      "a label that is no text",
      { ...message, alerts: [{ ...alert, labels: { pool: 3 } }] },
      "$.alerts[0].labels.pool",
    ],
    [
      "a strange key",
      { ...message, alerts: [{ ...alert, labels: { 'a b"\n': 3 } }] },
      '$.alerts[0].labels["a b\\" "]',
    ],
  ];
  test.each(cases)("%s is told with its path", (_what, body, path) => {
    const parsed = parseAlertmanager(body, STACK, AlertQuery.parse({}));
    expect(parsed).toMatchObject({ kind: "unprocessable", issues: [{ path }] });
  });

  test("a thousand mistakes are told as ten", () => {
    const alerts = Array.from({ length: 1000 }, () => ({}));
    const parsed = parseAlertmanager({ ...message, alerts }, STACK, AlertQuery.parse({}));
    expect(parsed.kind === "unprocessable" && parsed.issues.length).toBe(10);
  });

  test("unknown fields are tolerated, and an absent count of truncated alerts", () => {
    const { truncatedAlerts: _absent, ...older } = { ...message, newField: { deep: [1] } };
    expect(parse(older)).toMatchObject({ truncatedAlerts: 0, demands: [{ kind: "ask" }] });
  });
});
