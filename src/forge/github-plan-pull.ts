import { setTimeout as sleep } from "node:timers/promises";
import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import { createBranch, createCommit } from "./github-git-database.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { labelGitHubPull, openGitHubPull, updateGitHubPull } from "./github-open-pull.ts";
import { judgePlanBranch } from "./github-plan-branch.ts";
import { moveBranch } from "./github-scale-branch.ts";

/** Files that are to be merged together by people, as one commit on a branch with one open draft pull request. */
export type PlanPull = {
  /**
   * `named`: whatever is open there is made anew. `fresh`: nobody else has it; where somebody does, `nameOf` of the next turn is
   * taken, from 0.
   */
  branch: { kind: "named"; name: string } | { kind: "fresh"; nameOf: (turn: number) => string };
  title: string;
  body: string;
  labels: readonly string[];
  commitBody: string;
  /** A line that each commit of such files ends with, by which ours are known. */
  trailer: string;
  files: readonly [PlanFile, ...PlanFile[]];
};

/** `path` is from the repository's root. */
export type PlanFile = { path: string; text: string };

/** Each is a read and a decision anew, after somebody else was faster or GitHub did not answer. */
const ATTEMPTS = 8;

/**
 * Opens the pull request, or makes the open one of its branch hold these files and words instead. The branch is one commit on the newest
 * base, moved only from where it was read, and only where nobody else has committed to it. Answers where people find it. Throws
 * `ForgeError`.
 */
export async function openPlanPull(
  client: GitHubClient,
  repository: RepositoryName,
  plan: PlanPull,
): Promise<string> {
  const made = new Set<string>();
  let turn = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      const name = plan.branch.kind === "named" ? plan.branch.name : plan.branch.nameOf(turn);
      const outcome = await openOnce(client, repository, plan, name, made);
      if (outcome.kind === "open") return outcome.url;
      turn += 1;
    } catch (error) {
      const failure = toForgeError(error, "opening the plan's pull request");
      const mayWork = failure.code === "conflict" || failure.code === "unavailable";
      if (!mayWork || attempt >= ATTEMPTS) throw failure;
      // Apart from another run that has met us.
      await sleep(100 * attempt * (1 + Math.random()));
    }
  }
}

type Outcome = { kind: "open"; url: string } | { kind: "taken" };

async function openOnce(
  client: GitHubClient,
  repository: RepositoryName,
  plan: PlanPull,
  branch: string,
  made: Set<string>,
): Promise<Outcome> {
  const { data } = await client.request("GET /repos/{owner}/{repo}", repository);
  if (branch === data.default_branch) {
    const message = `${branch} is the repository's default branch, and a plan is merged into it; name another --branch.`;
    throw new ForgeError("forbidden", message);
  }
  const headOid = await readHead(client, repository, branch);
  if (plan.branch.kind === "fresh" && headOid !== null && !made.has(headOid)) return { kind: "taken" };
  const pull = headOid === null ? null : await readOpenPull(client, repository, branch);
  const base = pull?.base.ref ?? data.default_branch;
  const baseOid = await readHead(client, repository, base);
  if (baseOid === null) {
    throw new ForgeError(
      "not-found",
      `The repository has no branch ${base} to merge a plan into; commit something first.`,
    );
  }
  if (headOid !== null) {
    const paths = plan.files.map(({ path }) => path);
    await judgePlanBranch(
      client,
      repository,
      { name: branch, headOid, baseOid },
      { trailer: plan.trailer, paths },
    );
  }
  const [{ path, text }, ...beside] = plan.files;
  const words = { headline: plan.title, body: plan.commitBody };
  const { oid } = await createCommit(client, repository, {
    parentOid: baseOid,
    path,
    text,
    beside,
    ...words,
  });
  made.add(oid);
  if (headOid === null) await createBranch(client, repository, branch, oid);
  else await moveBranch(client, repository, data.node_id, branch, { from: headOid, to: oid });
  const place = { ...repository, branch: base };
  if (pull === null) {
    const opened = await openDraft(client, place, { ...plan, branch }, oid);
    return { kind: "open", url: opened.html_url };
  }
  await rewordPull(client, repository, plan, pull.number);
  // Another run's commit would stand under our words.
  if ((await readHead(client, repository, branch)) !== oid)
    throw new ForgeError("conflict", `The branch ${branch} moved while its pull request was made anew.`);
  return { kind: "open", url: pull.html_url };
}

/** Where a repository has no drafts (private ones of some plans have none), its label alone holds it. */
async function openDraft(
  client: GitHubClient,
  place: RepositoryName & { branch: string },
  { title, body, labels, branch }: Pick<PlanPull, "title" | "body" | "labels"> & { branch: string },
  headOid: string,
) {
  const words = { title, body, labels, branch };
  try {
    return await openGitHubPull(client, place, { ...words, stage: "draft" }, headOid);
  } catch (error) {
    const isWithoutDrafts =
      error instanceof Error && error.message.startsWith("Draft pull requests are not supported");
    if (!isWithoutDrafts) throw error;
    return openGitHubPull(client, place, words, headOid);
  }
}

async function rewordPull(
  client: GitHubClient,
  repository: RepositoryName,
  { title, body, labels }: PlanPull,
  number: number,
): Promise<void> {
  if (!(await updateGitHubPull(client, repository, number, { title, body })))
    throw new ForgeError("conflict", `Pull request #${number} was merged or closed while it was made anew.`);
  await labelGitHubPull(client, repository, number, labels);
}

async function readHead(
  client: GitHubClient,
  repository: RepositoryName,
  branch: string,
): Promise<string | null> {
  const ref = `heads/${branch}`;
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...repository, ref });
    return data.object.sha;
  } catch (error) {
    if (toForgeError(error, "reading a branch").code === "not-found") return null;
    throw error;
  }
}

async function readOpenPull(client: GitHubClient, repository: RepositoryName, branch: string) {
  const head = `${repository.owner}:${branch}`;
  const { data } = await client.request("GET /repos/{owner}/{repo}/pulls", {
    ...repository,
    head,
    state: "open",
  });
  return data.find((pull) => pull.head.ref === branch) ?? null;
}
