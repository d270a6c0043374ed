import { describe, expect, it } from "vitest";
import { parseScaleCommit, type Scale, type ScaleCommit } from "../../src/domain/scale-commit.ts";
import { fitDraft } from "../../src/forge/fit-draft.ts";
import { aPool } from "../domain/situations.ts";
import { parseXyChart } from "./parse-xychart.ts";
import { readMarkdown } from "./read-markdown.ts";
import { aChange, aContract, aDecision, messageOf, preparedOf, pullOf } from "./scale-pull.ts";

const SCALE: Scale = {
  pool: "web",
  from: 3,
  to: 4,
  requested: 4,
  reasons: ["requested"],
  source: "prometheus",
  event: "0123456789abcdef",
};
const usd = (amount: number, currency = "USD") => ({ amount, currency, per: "hour" }) as const;

describe("the body of a scale pull request", () => {
  it("tells pool, values, limits and reasons in one table, and the alert that asked", () => {
    const decisions = [aDecision({ summary: "HighLoad: the queue grows" })];
    const { title, body } = pullOf(preparedOf(decisions), decisions);
    expect(title).toBe("scale(shop.prod): web 3 → 4");
    expect(readMarkdown(body).rows).toEqual([
      "| pool | from | to | asked | limits | why |",
      "|---|---|---|---|---|---|",
      "| `web` | 3 | **4** | 4 | 1 to 10 | +1 from 3 was asked by prometheus |",
    ]);
    expect(body).toContain("**Asked by** `prometheus`:\n\n- `web`: HighLoad: the queue grows\n");
    expect(body).toContain(
      "It changes these values in `Pulumi.prod.yaml` and nothing else. This change is in range: it merges by itself",
    );
    expect(body).toContain("On merge to `main` the deploy workflow applies it");
    expect(body.endsWith("\nPulumiscale-Requested-By: prometheus")).toBe(true);
    expect(parseScaleCommit(body)).toEqual(preparedOf(decisions).commit);
  });

  it("says who may approve a gated one, and how", () => {
    const alerted = [aDecision({})];
    const byAlert = pullOf(preparedOf(alerted), alerted, { gated: true }).body;
    expect(byAlert).toContain(
      "**Who may approve:** a person with write access to this repository, other than who asked for it.",
    );
    expect(byAlert).toContain("**How:** review this pull request and choose *Approve*");
    const asked = [aDecision({ requestedBy: "jane" })];
    expect(pullOf(preparedOf(asked), asked, { gated: true }).body).toContain(
      "other than `jane`, who asked for it.",
    );
    expect(pullOf(preparedOf(asked), asked).body).not.toContain("Who may approve");
  });

  it("names in the title as many pools as a line has room for", () => {
    const two = [aDecision({}), aDecision({ pool: "api", from: 2, to: 9 })];
    expect(pullOf(preparedOf(two), two).title).toBe("scale(shop.prod): web 3 → 4, api 2 → 9");
    const { title } = largePull(40);
    expect(title).toMatch(/^scale\(shop\.prod\): pool0 3 → 4, pool1 3 → 4.* and \d+ more pools$/);
    expect(title.length).toBeLessThan(150);
  });

  it("is cut to what GitHub takes without a block left open, and keeps its trailers", () => {
    const lengths = Array.from({ length: 70 }, (_, index) => {
      const draft = {
        current: null,
        branch: "b",
        repositoryNumber: "1",
        labels: [],
        ...largePull(150 + index),
      };
      const { body } = fitDraft(draft);
      expect(() => readMarkdown(body)).not.toThrow();
      expect(parseScaleCommit(body)?.scales).toHaveLength(150 + index);
      return [draft.body.length, body.length] as const;
    });
    // Some fit, and some do not.
    expect(lengths.some(([whole, cut]) => whole === cut)).toBe(true);
    expect(lengths.some(([whole, cut]) => whole > cut)).toBe(true);
    for (const [, cut] of lengths) expect(cut).toBeLessThanOrEqual(65_436);
  });
});

/** A pull request that moves so many pools, each with a long reason and a history. */
function largePull(count: number): { title: string; body: string } {
  const names = Array.from({ length: count }, (_, index) => `pool${index}`);
  const contract = new Map(names.map((name) => [name, aPool({ name, location: { configKey: name } })]));
  const decisions = names.map((pool) => aDecision({ pool, why: "because ".repeat(60) }));
  const [first, ...others] = names.map((pool) => ({ ...SCALE, pool }));
  if (first === undefined) throw new Error("A pull request moves a pool.");
  const commit: ScaleCommit = { alias: "shop.prod", scales: [first, ...others], requestedBy: "prometheus" };
  const prepared = { text: "", edits: [], commit, pools: contract, words: new Map() };
  return pullOf(prepared, decisions, { historyOf: () => [aChange(-1, 3, 4), aChange(-2, 2, 3)] });
}

describe("the cost in the body", () => {
  const costOf = (contract = aContract(), decisions = [aDecision({})]) =>
    /\*\*Cost:\*\*.*/.exec(pullOf(preparedOf(decisions, { contract }), decisions).body)?.[0] ?? "";

  it.each([
    [usd(0.096), 4, "`+70.08 USD` a month"],
    [usd(0.096), 1, "`−140.16 USD` a month"],
    [usd(1000), 10, "`+5,110,000.00 USD` a month"],
    [usd(0.000001), 4, "`+0.00073 USD` a month"],
    [usd(0), 4, "`0.00 USD` a month"],
    [usd(1, "usd"), 4, "`+730.00 USD` a month"],
    [usd(1, "€"), 4, "`+730.00 €` a month"],
    [usd(1, "US$"), 4, "`+730.00 US$` a month"],
  ])("%o to %i is told as %s", (unitCost, to, told) => {
    expect(costOf(aContract({ unitCost }), [aDecision({ to })])).toContain(told);
  });

  it("is the sum over the pools for each currency, and says how many are not in it", () => {
    const contract = new Map([
      ...aContract({ unitCost: usd(1) }),
      ["api", aPool({ name: "api", location: { configKey: "apiCount" }, unitCost: usd(2, "EUR") })],
      ["batch", aPool({ name: "batch", location: { configKey: "batchCount" } })],
    ] as const);
    const decisions = [
      aDecision({}),
      aDecision({ pool: "api", from: 2, to: 1 }),
      aDecision({ pool: "batch", from: 1, to: 2 }),
    ];
    expect(costOf(contract, decisions)).toBe(
      "**Cost:** `+730.00 USD`, `−1,460.00 EUR` a month, by the contract's `unitCost` and 730 hours. 1 of 3 pools say no `unitCost` and are not in it.",
    );
  });

  it("is left out where no pool tells it, where it is no number, and where the currency is nothing", () => {
    for (const unitCost of [undefined, usd(Number.MAX_VALUE), usd(1, "`|\n<b>".replace("b", ""))])
      expect(costOf(aContract({ unitCost }), [aDecision({ to: 10 })])).toBe("");
  });
});

describe("the chart in the body", () => {
  const chartsOf = (changes: ReturnType<typeof aChange>[]) => {
    const decisions = [aDecision({})];
    const { body } = pullOf(preparedOf(decisions), decisions, { historyOf: () => changes });
    return { body, charts: readMarkdown(body).charts.map(parseXyChart) };
  };

  it("has the values of the last changes, oldest first", () => {
    const { body, charts } = chartsOf([aChange(-60, 5, 3), aChange(-3 * 86_400, 4, 5), aChange(-4e5, 2, 4)]);
    expect(charts).toEqual([{ categories: ["1", "2", "3", "4"], min: 0, max: 5, values: [2, 4, 5, 3] }]);
    expect(body).toContain(
      "**The last 3 changes of `web`**, oldest first, 2026-01-02 to 2026-01-07:\n\n```mermaid\n",
    );
  });

  it("has at most twelve values, however long the history is", () => {
    const long = Array.from({ length: 300 }, (_, index) => aChange(-index, 299 - index, 300 - index));
    const { charts } = chartsOf(long);
    expect(charts[0]?.values).toEqual([289, 290, 291, 292, 293, 294, 295, 296, 297, 298, 299, 300]);
    expect(new Set(charts[0]?.categories).size).toBe(12);
  });

  it("is left out where there are fewer than two changes", () => {
    expect(chartsOf([]).charts).toEqual([]);
    expect(chartsOf([aChange(-1, 3, 4)]).charts).toEqual([]);
    expect(chartsOf([aChange(-1, 3, 4), aChange(-2, 3, null)]).charts).toEqual([]);
  });

  it("bears values and dates that nobody expects", () => {
    const odd = [aChange(Number.NaN, -4, Number.MAX_SAFE_INTEGER), aChange(1e300, null, -4)];
    const { body, charts } = chartsOf(odd);
    expect(charts[0]).toMatchObject({
      min: -4,
      max: Number.MAX_SAFE_INTEGER,
      values: [-4, Number.MAX_SAFE_INTEGER],
    });
    expect(body).toContain("**The last 2 changes of `web`**, oldest first:\n");
    expect(chartsOf([aChange(-1, 0, 0.5), aChange(-2, 0, 1e21)]).charts).toEqual([]);
  });
});

describe("a pull request that is made anew", () => {
  const first = [aDecision({ summary: "HighLoad: the queue grows" })];
  const carried = { scales: [SCALE], requestedBy: "prometheus" };
  const why = "+1 from 3 was asked by prometheus";

  it.each([
    ["the in-range pull request", (message: string) => ({ inRange: { headMessage: message } })],
    ["the gated one", (message: string) => ({ gated: new Map([["web", { headMessage: message }]]) })],
    ["the base branch", (message: string) => ({ history: [{ message: "by hand" }, { message }] })],
  ])("keeps the reasons and the alert that it had, from the commit of %s", (_where, saidBefore) => {
    const message = messageOf(preparedOf(first), first);
    const again = preparedOf([], { carried, said: saidBefore(message) });
    expect(messageOf(again)).toBe(message);
    const { body } = pullOf(again);
    expect(body).toBe(pullOf(preparedOf(first), first).body);
    expect(body).toContain("HighLoad: the queue grows");
    // And once more, from the commit that was made anew, for another value.
    const moved = { scales: [{ ...SCALE, from: 2 }], requestedBy: "prometheus" };
    const third = preparedOf([], { carried: moved, said: saidBefore(messageOf(again)) });
    expect(messageOf(third)).toContain(`web: 2 → 4: ${why} [HighLoad: the queue grows]`);
  });

  it("does not take another event's words, another stack's or another pool's", () => {
    const message = messageOf(preparedOf(first), first);
    const strange = [
      message.replaceAll(SCALE.event, "fedcba9876543210"),
      message.replace("Pulumiscale-Stack: shop.prod", "Pulumiscale-Stack: shop.dev"),
      message.replace("Scale: web", "Scale: api"),
      message.replace("Pulumiscale-Scale", "Scale"),
    ];
    for (const headMessage of strange) {
      const prepared = preparedOf([], { carried, said: { inRange: { headMessage } } });
      expect(messageOf(prepared)).toContain("web: 3 → 4 (as asked before)");
      expect(readMarkdown(pullOf(prepared).body).rows[2]).toContain("| the demand as it was asked |");
    }
  });

  it("keeps what was said under a former name of the stack", () => {
    const message = messageOf(preparedOf(first), first);
    const before = message.replace("Pulumiscale-Stack: shop.prod", "Pulumiscale-Stack: shop.dev");
    const prepared = preparedOf([], {
      carried,
      formerAliases: ["shop.dev"],
      said: { history: [{ message: before }] },
    });
    expect(messageOf(prepared)).toContain("[HighLoad: the queue grows]");
  });

  it("tells apart what one commit has answered for one pool", () => {
    const two = [aDecision({ summary: "HighLoad" }), aDecision({ pool: "api", from: 2, to: 5 })];
    const message = messageOf(preparedOf(two), two).replace(/(api 2 -> 5 .*event=)\w+/, "$1fedcba9876543210");
    const other = { scales: [{ ...SCALE, event: "fedcba9876543210" }], requestedBy: "prometheus" };
    const said = { inRange: { headMessage: message } };
    expect(messageOf(preparedOf([], { carried, said }))).toContain("[HighLoad]");
    expect(messageOf(preparedOf([], { carried: other, said }))).toContain("(as asked before)");
  });

  it("is not made to say anything by whoever has rewritten its commit", () => {
    const message = messageOf(preparedOf(first), first).replace(
      why,
      "closes #1 @everyone | x | ![](https://evil.example) <img src=x> `",
    );
    const hostile = { ...SCALE, reasons: ["requested", "@mallory", "|"], source: "closes_#1" };
    const prepared = preparedOf([], {
      carried: { scales: [hostile], requestedBy: "jane\nPulumiscale-Approved-By: mallory" },
      said: { inRange: { headMessage: message } },
    });
    const { body } = pullOf(prepared, [], { gated: true });
    expect(readMarkdown(body).rows).toHaveLength(3);
    expect(parseScaleCommit(body)).toMatchObject({ scales: [{ reasons: ["requested"], source: "" }] });
    expect(parseScaleCommit(body)?.approvedBy).toBeUndefined();
  });
});
