import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DeployRepository, makeDeployRepository, SECRET } from "../apply/support/deploy-repository.ts";
import { bundleAction } from "../setup/bundle-action.ts";

// The Action as the runner starts it: its bundle as a process, without any packages around it, with inputs, an event,
// and files for its outputs.

const entry = fileURLToPath(new URL("../../action/main.ts", import.meta.url));
const REPO = "acme/infra";

let repository: DeployRepository;
let token: string;
let folder: string;
let bundle: string;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
  token = repository.github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { contents: "write", checks: "write", metadata: "read" },
  });
  folder = join(repository.stack.environment.HOME ?? "", "runner");
  bundle = await mkdtemp(join(tmpdir(), "pulumiscale-action-"));
  await writeFile(join(bundle, "package.json"), '{ "type": "module" }\n');
  for (const [name, contents] of await bundleAction(entry, bundle))
    await writeFile(join(bundle, name), contents);
}, 60_000);
afterAll(async () => {
  await repository.stop();
  await rm(bundle, { recursive: true, force: true });
});
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
});

async function head(): Promise<string> {
  return (await repository.github.readRef(REPO, "main")) ?? "";
}

type Run = { exitCode: number; log: string; outputs: Record<string, string>; summary: string };

async function runAction(
  inputs: Record<string, string>,
  before: string | null,
  ref = "refs/heads/main",
): Promise<Run> {
  const event = { ...(before === null ? {} : { before }), repository: { default_branch: "main" } };
  await writeFile(join(folder, "event.json"), JSON.stringify(event));
  const given = Object.entries({
    "stack-name": "dev",
    "work-dir": "deploy",
    "github-token": token,
    ...inputs,
  });
  const child = spawn(process.execPath, [join(bundle, "index.js")], {
    cwd: folder,
    env: {
      ...repository.stack.environment,
      ...repository.jobVariables,
      ...Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      GITHUB_REPOSITORY: REPO,
      GITHUB_SHA: await head(),
      GITHUB_REF: ref,
      GITHUB_EVENT_NAME: before === null ? "schedule" : "push",
      GITHUB_EVENT_PATH: join(folder, "event.json"),
      GITHUB_API_URL: repository.github.apiUrl,
      GITHUB_SERVER_URL: repository.github.url,
      GITHUB_RUN_ID: "7",
      GITHUB_WORKSPACE: join(repository.stack.workDir, ".."),
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (log += data.toString()));
  await once(child, "close");
  const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => "");
  const outputs = [...(await read("output")).matchAll(/^(\S+)<<(\S+)\n(.*?)\n\2$/gms)];
  return {
    exitCode: child.exitCode ?? -1,
    log,
    outputs: Object.fromEntries(outputs.map(([, name = "", , value = ""]) => [name, value])),
    summary: await read("summary"),
  };
}

describe("the Action", { timeout: 40_000 }, () => {
  it("lists, previews and applies a scale commit, and shows no secret", async () => {
    const before = await head();
    await repository.checkout(await repository.scale("web", "shop:webCount", 3, 4));

    const pending = await runAction({ command: "pending", "stack-name": "" }, before);
    expect(JSON.parse(pending.outputs.stacks ?? "")).toEqual([
      { alias: "shop.dev", project: "shop", stack: "dev", dir: "deploy" },
    ]);

    const preview = await runAction({ command: "preview" }, before);
    expect(preview).toMatchObject({ exitCode: 0 });
    expect(preview.summary).toContain("| web | 3 → 4 | would be applied |");
    expect(await repository.stack.inputsOf("web")).toMatchObject({ input: 3 });

    const run = await runAction({}, before);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs["full-needed"]).toBe("false");
    expect(JSON.parse(run.outputs.applied ?? "")).toEqual({ web: 4 });
    expect(JSON.parse(run.outputs.pools ?? "")).toEqual([
      { pool: "web", outcome: "applied", from: 3, to: 4, message: "" },
    ]);
    expect(JSON.parse(run.outputs.receipt ?? "")).toMatchObject({
      commit: await head(),
      runUrl: `${repository.github.url}/${REPO}/actions/runs/7`,
    });
    expect(run.summary).toContain("| web | 3 → 4 | ✅ applied |");
    expect(await repository.stack.inputsOf("web")).toMatchObject({ input: 4 });
    for (const secret of [token, SECRET, repository.stack.environment.PULUMI_CONFIG_PASSPHRASE ?? "-"]) {
      const unmasked = run.log.replaceAll(`::add-mask::${secret}`, "");
      expect(unmasked + run.summary + JSON.stringify(run.outputs)).not.toContain(secret);
    }
  });

  it("says that a full up is needed, and publishes after it", async () => {
    const before = await head();
    await repository.checkout(await repository.push({ "deploy/extra.txt": "code\n" }));
    const run = await runAction({}, before);
    expect(run).toMatchObject({ exitCode: 0, outputs: { "full-needed": "true" } });
    await repository.fullUp();
    const published = await runAction({ command: "publish" }, before);
    expect(published.exitCode, published.log).toBe(0);
    expect((await repository.entry()).deployed).toBe(await head());
    expect(published.log).not.toContain("::warning::");
    const elsewhere = await runAction({ command: "publish" }, before, "refs/heads/feature");
    expect(elsewhere.exitCode, elsewhere.log).toBe(0);
    expect(elsewhere.log).toContain("::warning::This run is for feature, and pools are scaled on main.");
    expect(published.log.replaceAll(`::add-mask::${SECRET}`, "")).not.toContain(SECRET);
  });

  it("fails with a sentence where a pool fails, and where nothing can be read", async () => {
    const before = await head();
    await repository.checkout(await repository.scale("web", "shop:webCount", 4, 99));
    const run = await runAction({}, before);
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain(
      "::error::web out-of-range: The committed value 99 is outside the pool's range of 1 to 10",
    );
    const lost = await runAction({ "base-branch": "nowhere", "github-token": token }, null);
    expect(lost.exitCode).toBe(0);
    expect(lost.log).toContain("only nowhere is deployed");
    const wrong = await runAction({ "stack-name": "acme/other/dev" }, null);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.log).toMatch(/::error::.*says the project other, but .* is the project shop/);
  });
});
