import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { runApply } from "../../src/cli/apply.ts";
import { type DeployFlags, readDeployFlags } from "../../src/cli/deploy-flags.ts";
import { runPending } from "../../src/cli/pending.ts";
import { runPreview } from "../../src/cli/preview.ts";
import { runPublish } from "../../src/cli/publish.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { type DeployRepository, makeDeployRepository } from "../apply/support/deploy-repository.ts";

// The deploy commands in any other CI than GitHub Actions.

const REPO = "acme/infra";

let repository: DeployRepository;
let flags: DeployFlags;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
  flags = { dir: repository.stack.workDir, stack: "dev", repo: REPO, json: true };
  const variables = { ...repository.stack.environment, ...repository.jobVariables };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.stubEnv("GITHUB_API_URL", repository.github.apiUrl);
  vi.stubEnv(
    "GITHUB_TOKEN",
    repository.github.issueToken({
      kind: "workflow",
      repo: REPO,
      permissions: { contents: "write", checks: "write", metadata: "read" },
    }),
  );
}, 60_000);
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await repository.stop();
});

/** Runs a command; what it says goes to stderr, what it answers to stdout. */
async function answerOf(command: () => Promise<number>): Promise<{ exitCode: number; answer: unknown }> {
  let printed = "";
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    printed += line;
  });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const exitCode = await command();
  return { exitCode, answer: JSON.parse(printed) };
}

describe("the deploy commands", { timeout: 30_000 }, () => {
  it("list, preview and apply a scale commit, and publish", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 3, 4));
    expect(await answerOf(() => runPending(flags))).toEqual({
      exitCode: 0,
      answer: [{ alias: "shop.dev", project: "shop", stack: "dev", dir: "deploy" }],
    });
    expect(await answerOf(() => runPreview(flags))).toMatchObject({
      exitCode: 0,
      answer: { pools: [{ pool: "web", from: 3, to: 4, verdict: "changes" }] },
    });
    expect(await answerOf(() => runApply(flags))).toMatchObject({
      exitCode: 0,
      answer: { kind: "done", receipt: { outcome: "applied", runUrl: null } },
    });
    expect(await answerOf(() => runApply(flags))).toEqual({ exitCode: 0, answer: { kind: "nothing" } });
    expect(await answerOf(() => runPending(flags))).toEqual({ exitCode: 0, answer: [] });
    expect(await answerOf(() => runPublish(flags))).toMatchObject({
      exitCode: 0,
      answer: { applied: { web: 4 } },
    });
  });

  it("leave a code change to the full up where they are told what stood before", async () => {
    const before = (await repository.github.readRef(REPO, "main")) ?? "";
    await repository.checkout(await repository.push({ "deploy/extra.txt": "code\n" }));
    expect(await answerOf(() => runApply({ ...flags, before }))).toMatchObject({
      exitCode: 0,
      answer: { kind: "full-needed" },
    });
  });

  it("fail with exit code 1 where a pool fails", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 4, 99));
    const { exitCode, answer } = await answerOf(() => runApply(flags));
    expect(exitCode).toBe(1);
    expect(answer).toMatchObject({ receipt: { pools: [{ pool: "web", outcome: "out-of-range" }] } });
  });

  it("hide every secret of the job, the backend's password too", () => {
    const environment = { GITHUB_TOKEN: "ghs_token", AWS_SECRET_ACCESS_KEY: "aws-secret-value" };
    const { world } = readDeployFlags(
      { ...flags, cloudUrl: "postgres://u:backend-password@db/s" },
      environment,
    );
    expect(world.redact("ghs_token aws-secret-value backend-password")).toBe("*** *** ***");
  });

  it("say what is missing", () => {
    expect(() => readDeployFlags(flags, {})).toThrow(UsageError);
    expect(() => readDeployFlags(flags, {})).toThrow(/GITHUB_TOKEN is not set.*contents: write/);
    expect(() => readDeployFlags({ stack: "dev" }, { GITHUB_TOKEN: "t" })).toThrow(/--repo owner\/name/);
  });
});
