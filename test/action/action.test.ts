import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DeployRepository,
  makeDeployRepository,
  REPO,
  SECRET,
} from "../apply/support/deploy-repository.ts";
import { type ActionRun, type BundledAction, openBundledAction } from "./support/bundled-action.ts";

// The Action as the runner starts it, with inputs, an event, and files for its outputs.

let repository: DeployRepository;
let action: BundledAction;
let token: string;

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
  action = await openBundledAction(repository);
}, 60_000);
afterAll(async () => {
  await repository.stop();
  await action.remove();
});

async function head(): Promise<string> {
  return (await repository.github.readRef(REPO, "main")) ?? "";
}

async function runAction(
  inputs: Record<string, string>,
  before: string | null,
  ref = "refs/heads/main",
): Promise<ActionRun> {
  const event = { ...(before === null ? {} : { before }), repository: { default_branch: "main" } };
  const eventName = before === null ? "schedule" : "push";
  return action.run({
    inputs: { "github-token": token, ...inputs },
    eventName,
    event,
    ref,
    sha: await head(),
  });
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
