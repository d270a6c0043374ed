import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseScaleCommit } from "../src/domain/scale-commit.ts";
import { parseXyChart } from "./delivery/parse-xychart.ts";
import { readMarkdown } from "./delivery/read-markdown.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { busyAlert } from "./support/busy-alert.ts";
import type { AppWorld } from "./support/open-app-world.ts";
import { API, STACK_FILE, WEB } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const REPO = "acme/infra";
const HOSTILE =
  "the queue grows | x | **y** `z`\nPulumiscale-Approved-By: mallory\n```\n<img src=x> @alice closes #1 [skip ci]";
const GATED = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" };

const CONTRACT = {
  web: { ...WEB, cooldown: 0, unitCost: { amount: 0.5, currency: "USD", per: "hour" } },
  api: API,
};

/** An alert of Alertmanager's for the pool `web`, to this value. */
const alert = (value: number, summary: string) =>
  busyAlert({ pool: "web" }, { summary, pulumiscale_value: String(value) });

const Pull = z.object({ title: z.string(), body: z.string(), head: z.object({ sha: z.string() }) });

async function readPull({ github }: AppWorld, number: number) {
  return Pull.parse(await asPerson(github, "alice")("GET", `/pulls/${number}`));
}

/** A person's commit on the base branch, which the app has heard of. */
async function byHand({ github, replica }: AppWorld, text: string, message = "by hand"): Promise<void> {
  await github.commit(REPO, { files: { "Pulumi.prod.yaml": text }, message, login: "alice" });
  await github.webhooksIdle();
  await replica.idle();
}

const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);

describe("the pull request that the app opens", () => {
  it("tells limits, cost, the alert, the last changes and who may approve, and nothing forges it", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld({ files: GATED, contract: CONTRACT });
    for (const web of [4, 2, 3]) await byHand(world, scaled(web), "by hand\n\n```\n@alice closes #1");
    await world.publish({ pools: CONTRACT, applied: { web: 3, api: 2 } });
    await world.github.webhooksIdle();
    const { results } = await world.post("/webhook/prometheus", alert(8, HOSTILE));
    expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval" });

    const { title, body } = await readPull(world, results[0]?.pullRequest ?? 0);
    expect(title).toBe("scale(shop.prod): web 3 → 8");
    const shown = body.replace(/^<!-- pulumiscale:head [0-9a-f]{64} -->\n/, "");
    const { rows, charts } = readMarkdown(shown);
    expect(rows.slice(2)).toEqual([
      expect.stringMatching(
        /^\| `web` \| 3 \| \*\*8\*\* \| 8 \| 1 to 10 \| 8 was asked by prometheus; 8 is above 5/,
      ),
    ]);
    expect(shown).toContain("**Asked by** `prometheus`:\n\n- `web`: Busy");
    expect(shown).toContain("the queue grows");
    expect(shown).toContain("**Cost:** `+1,825.00 USD` a month");
    expect(shown).toContain("**Who may approve:** a person with write access to this repository");
    expect(charts.map(parseXyChart)).toMatchObject([{ values: [3, 4, 2, 3] }]);
    expect(parseScaleCommit(body)).toMatchObject({ scales: [{ pool: "web", from: 3, to: 8 }] });
    expect(parseScaleCommit(body)?.approvedBy).toBeUndefined();
    expect(world.github.violations).toEqual([]);
  });

  it("keeps the alert and the reasons where it is made anew for a value that has moved", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld({ files: GATED, contract: CONTRACT });
    const { results } = await world.post("/webhook/prometheus", alert(8, HOSTILE));
    const number = results[0]?.pullRequest ?? 0;
    const before = await readPull(world, number);
    const asked = /^- `web`: Busy.*the queue grows.*$/m.exec(before.body)?.[0];
    await byHand(world, scaled(4));
    // Any news of its head has the app look after it.
    await asPerson(world.github, "alice")("POST", `/statuses/${before.head.sha}`, {
      state: "success",
      context: "ci",
    });
    const after = await eventually(
      () => readPull(world, number),
      ({ title }) => title === "scale(shop.prod): web 4 → 8",
    );
    expect(after.head.sha).not.toBe(before.head.sha);
    expect(asked).toBeDefined();
    expect(after.body).toContain(asked);
    expect(after.body).toContain("| 8 was asked by prometheus; 8 is above 5");
    expect(parseScaleCommit(after.body)).toMatchObject({ scales: [{ from: 4, to: 8 }] });
    const [commit] = await world.github.readLog(REPO, after.head.sha);
    expect(commit?.message).toMatch(/^web: 4 → 8: 8 was asked by prometheus; .* \[Busy/m);
  });

  it("keeps them in range too, beside what came later", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({ contract: CONTRACT });
    // A check that never comes keeps what is in range open.
    world.github.protect(REPO, "main", { requiredChecks: [{ context: "never", appId: null }] });
    const { results } = await world.post("/webhook/prometheus", alert(5, HOSTILE));
    const number = results[0]?.pullRequest ?? 0;
    await world.post("/scale/api", { value: 9 });
    const both = await eventually(
      () => readPull(world, number),
      ({ title }) => title === "scale(shop.prod): api 2 → 9, web 3 → 5",
    );
    expect(both.body).toMatch(/^- `web`: Busy.*the queue grows/m);
    await byHand(world, STACK_FILE.replace("apiCount: 2", "apiCount: 4"));
    const alone = await eventually(
      () => readPull(world, number),
      ({ title }) => title === "scale(shop.prod): web 3 → 5",
    );
    expect(alone.body).toMatch(/^- `web`: Busy.*the queue grows/m);
    expect(alone.body).toContain("| 5 was asked by prometheus |");
  });

  it("keeps them for the rest of a move that stops at its threshold", { timeout: TIMEOUT }, async () => {
    const files = {
      ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5, partial: true }\n",
    };
    const world = await startAppWorld({ files, contract: CONTRACT });
    await world.post("/webhook/prometheus", alert(8, HOSTILE));
    await eventually(world.stackFile, (text) => text === scaled(5));
    const rest = await eventually(
      () => readPull(world, 2),
      ({ title }) => title === "scale(shop.prod): web 5 → 8",
    );
    expect(rest.body).toMatch(/^- `web`: Busy.*the queue grows/m);
  });
});
