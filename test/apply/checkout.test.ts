import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckoutError, readCheckout, readStackFileText, stackFileOf } from "../../src/apply/checkout.ts";
import { type DeployJob, prepareJob } from "../../src/apply/deploy-job.ts";

const run = promisify(execFile);
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "checkout-")));
  await mkdir(join(root, "infra/shop/config"), { recursive: true });
  await writeFile(
    join(root, "infra/shop/Pulumi.yaml"),
    "name: shop\nruntime: yaml\nstackConfigDir: config\n",
  );
  await writeFile(join(root, "infra/shop/config/Pulumi.prod.eu.yaml"), "config: {}\n");
  await writeFile(join(root, "Pulumi.yml"), "name: root\nruntime: yaml\n");
  const git = (...args: string[]) => run("git", args, { cwd: root });
  await git("init", "--quiet");
  await git(
    "-c",
    "user.name=A",
    "-c",
    "user.email=a@example.com",
    "commit",
    "--quiet",
    "--allow-empty",
    "-m",
    "one",
  );
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("a checkout", () => {
  it("has its stack file where stackConfigDir says, also for a name with dots", async () => {
    const checkout = await readCheckout(join(root, "infra/shop"), "acme/shop/prod.eu");
    expect(checkout).toMatchObject({
      dir: "infra/shop",
      project: "shop",
      stack: "prod.eu",
      stackFilePath: "infra/shop/config/Pulumi.prod.eu.yaml",
    });
    expect(checkout.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(stackFileOf(checkout)).toBe(join(root, "infra/shop/config/Pulumi.prod.eu.yaml"));
    expect(await readStackFileText(checkout)).toBe("config: {}\n");
  });

  it("at the repository's root has the directory `.`, and the extension of its project file", async () => {
    expect(await readCheckout(root, "prod")).toMatchObject({ dir: ".", stackFilePath: "Pulumi.prod.yml" });
  });

  it.each([
    ["infra/shop", "acme/other/prod", /says the project other, but .* is the project shop/],
    ["infra/shop", "", /No stack is named/],
    ["infra", "prod", /no Pulumi.yaml in .*infra.*work-dir/],
  ])("in %s for %s is refused with a sentence", async (dir, stack, sentence) => {
    await expect(readCheckout(join(root, dir), stack)).rejects.toThrow(CheckoutError);
    await expect(readCheckout(join(root, dir), stack)).rejects.toThrow(sentence);
  });

  it("outside git, without a stack file, or with an alias that is no file name is refused", async () => {
    const checkout = await readCheckout(join(root, "infra/shop"), "dev");
    await expect(readStackFileText(checkout)).rejects.toThrow(/Pulumi.dev.yaml cannot be read/);
    const job: DeployJob = {
      repository: { owner: "acme", repo: "infra", baseBranch: "main" },
      workDir: join(root, "infra/shop"),
      stackName: "dev",
      alias: "../../x",
      trigger: { kind: "other" },
      runUrl: null,
      cloudUrl: "s3://states",
      environment: { HOME: root },
      refresh: false,
      policyPacks: [],
      parallel: undefined,
      unexpectedChanges: "refuse",
    };
    await expect(prepareJob(job, {})).rejects.toThrow(/alias cannot be a file of the ledger/);
    const prepared = await prepareJob({ ...job, alias: null }, {});
    expect(prepared.place.alias).toBe("shop.dev");
    expect(prepared.engine.environment).toEqual({ HOME: root, PULUMI_BACKEND_URL: "s3://states" });
    await rm(join(root, ".git"), { recursive: true });
    await expect(readCheckout(root, "prod")).rejects.toThrow(/not in a git work tree.*actions\/checkout/);
  });
});
