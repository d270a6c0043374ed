import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type DeployRepository,
  makeDeployRepository,
  REPO,
  SECRET,
} from "../apply/support/deploy-repository.ts";
import type { Permissions } from "../github/github-stand-in.ts";
import { type ActionRun, type BundledAction, openBundledAction } from "./support/bundled-action.ts";

const FILE = "deploy/Pulumi.dev.yaml";
const BRANCH = "scale/shop.dev";
const READER: Permissions = { contents: "read", metadata: "read" };
const WRITER: Permissions = { ...READER, pull_requests: "write" };

let repository: DeployRepository;
let action: BundledAction;
let opened = 0;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
  repository.github.createUser("alice");
  repository.github.addCollaborator(REPO, "alice", "write");
  action = await openBundledAction(repository);
}, 60_000);
afterAll(async () => {
  await repository.stop();
  await action.remove();
});

type Pull = { number: number; branch: string; headOid: string };
let pull: Pull;

/** A scale pull request's branch with this value, as the App makes it. */
async function fileWith(web: number): Promise<Record<string, string>> {
  const text = (await repository.github.readFile(REPO, FILE)) ?? "";
  return { [FILE]: text.replace(/webCount: \d+/, `webCount: ${web}`) };
}

async function openPull(branch: string): Promise<Pull> {
  const { github } = repository;
  const { number } = await github.openPull(REPO, {
    login: "alice",
    branch,
    title: "scale",
    body: "",
    files: await fileWith(4),
  });
  return { number, branch, headOid: (await github.readRef(REPO, `refs/heads/${branch}`)) ?? "" };
}

beforeEach(async () => {
  opened += 1;
  // One open pull request of a branch at a time.
  pull = await openPull(opened === 1 ? BRANCH : `scale-approval/shop.dev/web${opened}`);
});

async function preview(
  permissions: Permissions,
  {
    of = pull,
    repo = REPO,
    environment = {},
  }: { of?: Pull; repo?: string; environment?: Record<string, string> } = {},
): Promise<ActionRun> {
  const token = repository.github.issueToken({ kind: "workflow", repo: REPO, permissions });
  await repository.checkout(of.headOid);
  const head = { ref: of.branch, sha: of.headOid, repo: { full_name: repo } };
  return action.run({
    inputs: { command: "preview", "github-token": token },
    eventName: "pull_request",
    event: { repository: { default_branch: "main" }, pull_request: { number: of.number, head } },
    ref: `refs/pull/${of.number}/merge`,
    sha: of.headOid,
    environment,
  });
}

const Comments = z.array(
  z.object({ id: z.int(), body: z.string(), user: z.object({ login: z.string(), type: z.string() }) }),
);

async function readComments(number = pull.number) {
  const token = repository.github.issueToken({ kind: "user", login: "alice" });
  const url = `${repository.github.apiUrl}/repos/${REPO}/issues/${number}/comments`;
  const response = await fetch(url, { headers: { authorization: `token ${token}` } });
  return Comments.parse(await response.json());
}

describe("a preview of a scale pull request", { timeout: 40_000 }, () => {
  it("stands on it as one comment, which the next push's edits", async () => {
    const run = await preview(WRITER);
    expect(run.exitCode, run.log).toBe(0);
    const [comment, ...others] = await readComments();
    expect(others).toEqual([]);
    expect(comment?.user).toEqual({ login: "github-actions[bot]", type: "Bot" });
    expect(comment?.body).toContain(`Preview of \`shop.dev\` at ${pull.headOid.slice(0, 7)}`);
    expect(comment?.body).toContain("| web | 3 → 4 | would be applied |");
    expect(comment?.body).toContain("/actions/runs/7)");
    expect(run.summary).toContain("| web | 3 → 4 | would be applied |");

    const first = pull;
    const headOid = await repository.github.commit(REPO, {
      branch: pull.branch,
      message: "more",
      files: await fileWith(6),
    });
    pull = { ...pull, headOid };
    expect(await preview(WRITER)).toMatchObject({ exitCode: 0 });
    const edited = await readComments();
    expect(edited).toHaveLength(1);
    expect(edited[0]).toMatchObject({ id: comment?.id });
    expect(edited[0]?.body).toContain("| web | 3 → 6 | would be applied |");

    const late = await preview(WRITER, { of: first });
    expect(late.log).toContain("has a newer commit, so this preview is not told there");
    expect(await readComments()).toEqual(edited);
  });

  it("says that it could not be made, in place of an older one, and shows no secret", async () => {
    await preview(WRITER);
    const environment = { CHAT_TOKEN: SECRET, PULUMI_BACKEND_URL: `file:///nowhere/${SECRET}` };
    const failed = await preview(WRITER, { environment });
    expect(failed.exitCode).toBe(1);
    const [comment, ...others] = await readComments();
    expect(others).toEqual([]);
    expect(comment?.body).toContain("The preview could not be made:\n\n```text\n");
    expect(comment?.body).not.toContain("would be applied");
    expect(comment?.body).toContain("/nowhere/***");
    expect(comment?.body).not.toContain(SECRET);
  });

  it("stays in the summary with a warning where the job may not comment", async () => {
    const run = await preview(READER);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toMatch(
      /::warning::The preview could not be written .* give the job `pull-requests: write`/,
    );
    expect(run.summary).toContain("| web | 3 → 4 | would be applied |");
    expect(await readComments()).toEqual([]);
  });

  it("is told on no fork's pull request and on no other branch's, whatever it is called", async () => {
    const runs = [
      await preview(WRITER, { repo: "mallory/infra" }),
      await preview(WRITER, { of: { ...pull, branch: "scale/shop.other" } }),
      await preview(WRITER, { of: { ...pull, branch: "scaled" } }),
    ];
    for (const run of runs) {
      expect(run.exitCode, run.log).toBe(0);
      expect(run.log).not.toContain("::warning::");
      expect(run.summary).toContain("| web | 3 → 4 | would be applied |");
    }
    expect(await readComments()).toEqual([]);
  });
});
