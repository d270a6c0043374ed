import { z } from "zod";
import { controlsPath } from "../domain/controls.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { readBlobText, readEntryText } from "./github-blob.ts";
import { readGuardDiff } from "./github-guard-diff.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { readPlainFiles } from "./github-plain-files.ts";
import { readPushes } from "./github-pushes.ts";
import { BLOB_FIELDS, FileEntry, TextObject } from "./github-snapshot-file.ts";
import { Actor, botLogin } from "./github-viewer.ts";
import { type GitHubWork, gitHubWork } from "./github-work.ts";
import type { PullHead } from "./guard-forge.ts";
import type { PlanChanges, PlanForge, PlanSubject, Pushes } from "./plan-forge.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** Plans on GitHub. What a head holds is asked of git by its id. */
export class GitHubPlans implements PlanForge {
  readonly #doing: GitHubWork;
  readonly #markKey: Buffer;

  /** `markKey`: see `headMarkKey`. */
  constructor(clientFor: GitHubClientFor, markKey: Buffer) {
    this.#doing = gitHubWork(clientFor);
    this.#markKey = markKey;
  }

  readPlanSubject(repository: RepositoryName, number: number): Promise<PlanSubject> {
    return this.#doing(repository, `reading pull request #${number}`, (client) =>
      readSubject(client, repository, number),
    );
  }

  readPlanChanges(head: PullHead, baseOid: string): Promise<PlanChanges> {
    return this.#doing(head, `comparing ${head.headOid.slice(0, 7)}`, async (client) => {
      const diff = await readGuardDiff(client, head, baseOid, this.#markKey);
      const { mergeBaseOid, paths, writers, isComplete } = diff;
      return { mergeBaseOid, paths, writers, isComplete };
    });
  }

  readPlanFiles(
    repository: RepositoryName,
    oids: readonly string[],
    paths: readonly string[],
  ): Promise<StackFile[][]> {
    return this.#doing(repository, "reading a plan", (client) =>
      readPlainFiles(client, repository, oids, paths),
    );
  }

  readPushes(
    repository: RepositoryName,
    { branch, headOid, ownLogin }: Pick<PlanSubject, "branch" | "headOid" | "ownLogin">,
  ): Promise<Pushes | null> {
    return this.#doing(repository, `reading who has pushed to ${branch}`, (client) =>
      readPushes(client, repository, branch, headOid, ownLogin),
    );
  }

  markReady(repository: RepositoryName, nodeId: string): Promise<void> {
    const mutation = `mutation($id: ID!) {
      markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId }
    }`;
    const work = async (client: GitHubClient) => void (await client.graphql(mutation, { id: nodeId }));
    return this.#doing(
      repository,
      "marking a pull request ready for review",
      work,
      new PlannedWrites("merge", 1),
    );
  }

  updateBranch(repository: RepositoryName, number: number, headOid: string): Promise<string | null> {
    const work = async (client: GitHubClient): Promise<string | null> => {
      const route = "PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch";
      const { owner, repo } = repository;
      try {
        await client.request(route, { owner, repo, pull_number: number, expected_head_sha: headOid });
        return null;
      } catch (error) {
        const refused = Refused.safeParse(error);
        if (refused.success) return refused.data.message;
        throw error;
      }
    };
    const doing = `bringing the branch of pull request #${number} up to date`;
    return this.#doing(repository, doing, work, new PlannedWrites("merge", 1));
  }
}

const Refused = z.object({ status: z.literal(422), message: z.string() });

const SUBJECT_QUERY = `
query Plan($owner: String!, $repo: String!, $number: Int!, $ledger: String!, $controls: String!) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    squashMergeAllowed
    mergeCommitAllowed
    rebaseMergeAllowed
    defaultBranchRef { name }
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { ${BLOB_FIELDS} } }
    ledger: ref(qualifiedName: $ledger) {
      target { ... on Commit { controls: file(path: $controls) { object { ... on Blob { ${BLOB_FIELDS} } } } } }
    }
    pullRequest(number: $number) {
      id
      createdAt
      state
      isDraft
      isCrossRepository
      author { __typename login }
      headRefName
      headRefOid
      baseRefName
      baseRef { target { oid } }
    }
  }
}`;

const Subject = z.object({
  viewer: z.object({ login: z.string() }),
  repository: z.object({
    squashMergeAllowed: z.boolean(),
    mergeCommitAllowed: z.boolean(),
    rebaseMergeAllowed: z.boolean(),
    defaultBranchRef: z.object({ name: z.string() }).nullable(),
    repositoryFile: TextObject,
    ledger: z.object({ target: z.object({ controls: FileEntry }) }).nullable(),
    pullRequest: z.object({
      id: z.string(),
      createdAt: z.iso.datetime(),
      state: z.string(),
      isDraft: z.boolean(),
      isCrossRepository: z.boolean(),
      author: Actor,
      headRefName: z.string(),
      headRefOid: z.string(),
      baseRefName: z.string(),
      baseRef: z.object({ target: z.object({ oid: z.string() }) }).nullable(),
    }),
  }),
});

async function readSubject(
  client: GitHubClient,
  place: RepositoryName,
  number: number,
): Promise<PlanSubject> {
  const { owner, repo } = place;
  const ledger = `refs/heads/${LEDGER_BRANCH}`;
  const controls = controlsPath({ kind: "repository" });
  const answer = await client.graphql(SUBJECT_QUERY, { owner, repo, number, ledger, controls });
  const { repository, viewer } = Subject.parse(answer);
  const { pullRequest: pull, repositoryFile } = repository;
  return {
    number,
    nodeId: pull.id,
    createdAtMs: Date.parse(pull.createdAt),
    isOpen: pull.state === "OPEN",
    isDraft: pull.isDraft,
    isFork: pull.isCrossRepository,
    author: pull.author?.login ?? "",
    ownLogin: viewer.login,
    bots: [viewer.login, ...(pull.author?.__typename === "Bot" ? [botLogin(pull.author.login)] : [])],
    branch: pull.headRefName,
    headOid: pull.headRefOid,
    base: pull.baseRefName,
    baseOid: pull.baseRef?.target.oid ?? null,
    isToDefault: pull.baseRefName === repository.defaultBranchRef?.name,
    mergeMethods: [
      ...(repository.squashMergeAllowed ? (["squash"] as const) : []),
      ...(repository.mergeCommitAllowed ? (["merge"] as const) : []),
      ...(repository.rebaseMergeAllowed ? (["rebase"] as const) : []),
    ],
    repositoryFile:
      repositoryFile === null ? { kind: "missing" } : await readBlobText(client, place, repositoryFile),
    controls: await readEntryText(client, place, repository.ledger?.target.controls ?? null),
  };
}
