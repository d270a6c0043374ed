import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parsePlanFile } from "../../src/kubernetes/read-plan-file.ts";
import { infraScale, makeFolder, readArtifacts, startPlanWorld } from "../support/infra-scale-world.ts";

const PRICES = "currency: EUR\ncpuHour: 0.04\nmemoryGiBHour: 0.005\n";
const ASK = ["--workload=Deployment:web:6", "--req=web:cpu=500m,mem=1Gi"];

/** A folder with that price table. */
async function folderWith(
  prices: string,
  file = path.join("ops", "infra-scale", "prices.yaml"),
): Promise<string> {
  const folder = await makeFolder();
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), prices);
  return folder;
}

describe("infra.scale with a price table", () => {
  it("has the cost in the plan, its summary and its pull request", async () => {
    const folder = await folderWith(PRICES);
    const { environment, openPulls } = await startPlanWorld();
    expect((await infraScale(folder, ["--apply", ...ASK], environment)).code).toBe(0);
    const { plan, summary } = await readArtifacts(folder);
    expect(parsePlanFile(plan)).toMatchObject({ kind: "plan" });
    expect(parse(plan).cost).toEqual({
      ...{ currency: "EUR", cpuHour: "0.04", memoryGiBHour: "0.005", hours: 730 },
      workloads: [
        {
          ...{ kind: "Deployment", name: "web", before: null, month: null },
          after: { replicas: 6, cpu: "500m", mem: "1Gi", month: "109.50" },
        },
      ],
      month: { before: null, after: "109.50", difference: null },
    });
    const row = "| Deployment/web | unknown | 109.50 | unknown |";
    expect(summary).toContain(row);
    expect((await openPulls())[0]?.body).toContain(row);
  });

  it("takes another file that is named", async () => {
    const folder = await folderWith(PRICES.replace("EUR", "USD"), "usd.yaml");
    expect((await infraScale(folder, [...ASK, "--prices=usd.yaml"])).lines.at(-1)).toBe("succeeded");
    expect((await readArtifacts(folder)).summary).toContain("| USD a month | before | after | difference |");
  });

  it("says nothing of cost where there is none", async () => {
    const folder = await makeFolder();
    await infraScale(folder, ASK);
    const { plan, summary } = await readArtifacts(folder);
    expect(`${plan}${summary}`).not.toMatch(/cost/i);
  });

  it.each([
    ["that is not there", [...ASK, "--prices=none.yaml"], "The prices in none.yaml cannot be read"],
    ["that has no name", [...ASK, "--prices="], "--prices=: expected a file's name."],
    ["that cannot be used", ASK, "prices.yaml cannot be used: cpuHour:"],
  ])("fails with one %s", async (_, args, why) => {
    const folder = await folderWith(PRICES.replace("0.04", "cheap"));
    const run = await infraScale(folder, args);
    expect([run.code, run.lines]).toEqual([1, ["failed"]]);
    expect(run.told).toContain(why);
  });
});
