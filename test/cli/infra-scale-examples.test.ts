import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  INFRA_SCALE,
  infraScale,
  makeFolder,
  runProgram,
  startPlanWorld,
} from "../support/infra-scale-world.ts";

// The seed's examples, as they are written there: through npm, in the package's folder.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORCHESTRATOR = path.join(ROOT, "fixtures/infra-scale/orchestrator.nightly.mjs");

/** Runs a command line of the seed. npm tells the script's name before what the script prints. */
async function runExample(command: string, environment: Record<string, string> = {}) {
  const [program = "", ...args] = command.replaceAll("\\\n", " ").trim().split(/\s+/);
  const { code, lines, told } = await runProgram([program, ...args], ROOT, {
    npm_config_update_notifier: "false",
    ...environment,
  });
  const own = lines.filter((line) => line !== "" && !line.startsWith("> "));
  const folder = own[0]?.startsWith("artifacts_dir=") ? own[0].slice("artifacts_dir=".length) : null;
  if (folder !== null) onTestFinished(() => rm(folder, { recursive: true }));
  return { code, lines: own, told, folder: folder ?? "" };
}

async function dryRun(command: string) {
  const { code, lines, folder } = await runExample(command);
  expect([code, lines]).toEqual([
    0,
    [
      expect.stringMatching(/^artifacts_dir=\/.*\/\.artifacts\/infra-scale\/\d{4}-[\d-]+Z$/),
      `plan_yaml=${folder}/plan.yaml`,
      `summary_md=${folder}/SUMMARY.md`,
      "succeeded",
    ],
  ]);
  return readFile(path.join(folder, "plan.yaml"), "utf8");
}

it("example 1: simple replica scaling", async () => {
  const plan = await dryRun(
    "npm run infra:scale:dry -- --target=prod --namespace=assistant --workload=Deployment:web:8",
  );
  expect(plan).toContain("to: 8");
  expect(plan.match(/- action: .*/g)).toEqual(["- action: scale_workload"]);
});

it("example 2: full configuration with an HPA", async () => {
  const plan = await dryRun(`npm run infra:scale:dry -- \\
  --target=prod \\
  --namespace=assistant \\
  --workload=Deployment:web:6 \\
  --req=web:cpu=500m,mem=1Gi \\
  --lim=web:cpu=1,mem=2Gi \\
  --hpa=min:4,max:12,cpu:65`);
  expect(plan.match(/- action: .*/g)).toEqual([
    "- action: scale_workload",
    "- action: update_resources",
    "- action: apply_hpa",
  ]);
  // The rules win over the samples: 6 is neither over 10 nor over 12.
  expect(plan).toMatch(/risks: \[\]\nnotes: \[\]\n$/);
});

it("example 3: multiple workloads", async () => {
  const plan = await dryRun(`npm run infra:scale:dry -- \\
  --target=staging \\
  --namespace=app \\
  --workload=Deployment:api:4 \\
  --workload=Deployment:worker:2 \\
  --req=api:cpu=300m,mem=512Mi \\
  --req=worker:cpu=200m,mem=256Mi`);
  expect(plan.match(/name: .*|(cpu|mem|to): .*/g)).toEqual([
    ...["name: api", "to: 4", "name: api", "cpu: 300m", "mem: 512Mi"],
    ...["name: worker", "to: 2", "name: worker", "cpu: 200m", "mem: 256Mi"],
  ]);
});

it("example 4: open a GitHub pull request", async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const { code, lines } = await runExample(
    `npm run infra:scale -- \\
  --target=prod \\
  --namespace=assistant \\
  --workload=Deployment:web:10 \\
  --hpa=min:6,max:15,cpu:70`,
    environment,
  );
  expect([code, lines]).toEqual([
    0,
    [`outputs_uri=${github.url}/your-org/your-repo/pull/1`, "awaiting_approval"],
  ]);
  const [pull] = await openPulls();
  expect(pull?.body).toContain("2. **HPA** web (min:6 max:15 cpu:70%)");
  expect(github.violations).toEqual([]);
});

it("takes --apply beside the script's own, and gives an empty outputs_uri without credentials", async () => {
  const { code, lines } = await runExample("npm run infra:scale -- --apply --workload=Deployment:web:5");
  expect([code, lines]).toEqual([0, ["outputs_uri=", "awaiting_approval"]]);
});

it("ends npm's run with exit code 1 and a last line `failed` for a mistake", async () => {
  const { code, lines, told } = await runExample("npm run infra:scale:dry -- --target=prod --namespace=app");
  expect([code, lines.at(-1), told]).toEqual([
    1,
    "failed",
    expect.stringContaining("No workloads specified"),
  ]);
});

const Ending = z.object({
  task: z.string(),
  status: z.number(),
  state: z.string(),
  outputs: z.string().nullable(),
});

it("the nightly orchestrator reads how its task has ended, and where the plan waits", async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const cwd = await makeFolder();
  const run = async (more: Record<string, string>) => {
    const all = { ...environment, INFRA_SCALE, ...more };
    const { lines } = await runProgram([process.execPath, ORCHESTRATOR], cwd, all);
    return lines.filter((line) => line !== "").map((line) => Ending.parse(JSON.parse(line)));
  };
  const opened = { task: "infra.scale", status: 0, state: "awaiting_approval" };
  expect(await run({})).toEqual([]);
  expect(await run({ ENABLE_INFRA_SCALE: "1" })).toEqual([
    { ...opened, outputs: `${github.url}/your-org/your-repo/pull/1` },
  ]);
  expect((await openPulls()).map(({ draft, labels }) => [draft, labels[0]?.name])).toEqual([
    [true, "needs-approval"],
  ]);
  expect(await run({ ENABLE_INFRA_SCALE: "1", GITHUB_TOKEN: "" })).toEqual([{ ...opened, outputs: "" }]);
  expect(await run({ ENABLE_INFRA_SCALE: "1", GH_OWNER: "no/body" })).toEqual([
    { task: "infra.scale", status: 1, state: "failed", outputs: null },
  ]);
  expect(github.violations).toEqual([]);
});

it("reads the last line as its state where both streams are one", async () => {
  const cwd = await makeFolder();
  const shell = `'${process.execPath}' '${INFRA_SCALE}' --workload=web 2>&1`;
  const { lines } = await runProgram(["/bin/sh", "-c", shell], cwd);
  expect(lines).toEqual([expect.stringMatching(/^--workload=web: expected /), "failed"]);
  const fine = await infraScale(cwd, ["--workload=Deployment:web:1"]);
  expect(fine.lines.at(-1)).toBe("succeeded");
});
