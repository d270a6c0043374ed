import { z } from "zod";
import { askGraphql } from "./github-ask.ts";
import { readBlobText } from "./github-blob.ts";
import {
  COMMENTS_FIELD,
  CommentsAnswer,
  MadeAnswer,
  readCommandApprovals,
} from "./github-command-approvals.ts";
import { toForgeError } from "./github-errors.ts";
import { CHECK_FIELD, CheckAnswer, reportCheck } from "./github-guard-check.ts";
import { readGuardDiff } from "./github-guard-diff.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { REVIEWS_FIELD, RenewedAnswer, ReviewsAnswer, readReviews } from "./github-reviews.ts";
import { BLOB_FIELDS, TextObject } from "./github-snapshot-file.ts";
import type {
  BaseFile,
  GuardCheck,
  GuardDiff,
  GuardForge,
  GuardReport,
  GuardSubject,
  GuardTexts,
  GuardUrgency,
  PullHead,
} from "./guard-forge.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** GitHub bounds a query's nodes. */
const FILES_PER_QUERY = 100;

/** The guard's view of GitHub. What a head holds is asked of git by its id: what a pull request tells of itself may lag behind a push. */
export class GitHubGuard implements GuardForge {
  readonly #clientFor: GitHubClientFor;
  readonly #appId: number;
  readonly #markKey: Buffer;

  /** `markKey`: see `headMarkKey`. */
  constructor(clientFor: GitHubClientFor, appId: number, markKey: Buffer) {
    this.#clientFor = clientFor;
    this.#appId = appId;
    this.#markKey = markKey;
  }

  readSubject(head: PullHead, files: readonly BaseFile[]): Promise<GuardSubject> {
    return this.#doing(head, "looking at", async (client) => {
      const first = await readPull(client, head, this.#appId, files.slice(0, FILES_PER_QUERY));
      const branches = new Map(first.branches);
      const differing = [...first.differing];
      for (let from = FILES_PER_QUERY; from < files.length; from += FILES_PER_QUERY) {
        const more = await readPull(client, head, this.#appId, files.slice(from, from + FILES_PER_QUERY));
        for (const [branch, oid] of more.branches) branches.set(branch, oid);
        differing.push(...more.differing);
      }
      return { ...first, branches, differing };
    });
  }

  readDiff(head: PullHead, baseOid: string): Promise<GuardDiff> {
    return this.#doing(head, "comparing", (client) => readGuardDiff(client, head, baseOid, this.#markKey));
  }

  readTexts(head: PullHead, files: readonly { oid: string; path: string }[]): Promise<GuardTexts> {
    return this.#doing(head, "reading", async (client) => {
      const fields = files.map(
        (_, index) => `t${index}: object(expression: $t${index}) { ... on Blob { ${BLOB_FIELDS} } }`,
      );
      const declarations = files.map((_, index) => `, $t${index}: String!`);
      const query = `query GuardTexts($owner: String!, $repo: String!, $number: Int!${declarations.join("")}) {
        repository(owner: $owner, name: $repo) {
          databaseId
          pullRequest(number: $number) { state headRefOid ${REVIEWS_FIELD} ${COMMENTS_FIELD} }
          ${fields.join("\n")}
        }
      }`;
      const expressions = files.map(({ oid, path }, index) => [`t${index}`, `${oid}:${path}`]);
      const { owner, repo, number } = head;
      const variables = { owner, repo, number, ...Object.fromEntries(expressions) };
      const answer = await askGraphql(client, query, variables);
      const { repository } = z.object({ repository: z.record(z.string(), z.unknown()) }).parse(answer);
      const pull = TextsPull.parse(repository.pullRequest);
      const named = { owner, repo, databaseId: z.int().parse(repository.databaseId) };
      const { byCommand } = await readCommandApprovals(client, named, { ...pull, number }, this.#markKey);
      const texts = files.map(async (_, index) => {
        const blob = TextObject.parse(repository[`t${index}`]);
        return blob === null ? ({ kind: "missing" } as const) : readBlobText(client, head, blob);
      });
      return {
        isOpen: pull.state === "OPEN",
        headOid: pull.headRefOid,
        reviews: await readReviews(client, head, pull, byCommand),
        texts: await Promise.all(texts),
      };
    });
  }

  report(
    head: PullHead,
    report: GuardReport,
    current: GuardCheck | null,
    urgency: GuardUrgency,
  ): Promise<void> {
    const work = (client: GitHubClient) => reportCheck(client, head, report, current);
    return this.#doing(head, "reporting on", work, new PlannedWrites(urgency, 1));
  }

  async #doing<T>(
    { owner, repo, number, headOid }: PullHead,
    what: string,
    work: (client: GitHubClient) => Promise<T>,
    writes?: PlannedWrites,
  ): Promise<T> {
    try {
      return await work(await this.#clientFor(owner, repo, writes));
    } catch (error) {
      throw toForgeError(
        error,
        `${what} ${headOid.slice(0, 7)} of pull request #${number} of ${owner}/${repo}`,
      );
    } finally {
      writes?.end();
    }
  }
}

const TextsPull = z.object({
  state: z.string(),
  headRefOid: z.string(),
  renewed: RenewedAnswer,
  reviews: ReviewsAnswer,
  made: MadeAnswer,
  comments: CommentsAnswer,
});

const Subject = z.object({
  pullRequest: z.object({
    state: z.string(),
    baseRefName: z.string(),
    author: z.object({ __typename: z.string(), login: z.string() }).nullable(),
  }),
  head: z.union([z.object({ checkSuites: CheckAnswer }), z.object({}).transform(() => null)]).nullable(),
});
const Branch = z.object({ target: z.object({ oid: z.string() }) }).nullable();
const Blob = z.union([z.object({ oid: z.string() }), z.object({}).transform(() => null)]).nullable();

async function readPull(
  client: GitHubClient,
  { owner, repo, number, headOid }: PullHead,
  app: number,
  files: readonly BaseFile[],
): Promise<GuardSubject> {
  const branches = [...new Set(files.map(({ branch }) => branch))];
  const variables = [
    ...branches.map((branch, index) => ({ name: `b${index}`, value: `refs/heads/${branch}` })),
    ...files.flatMap(({ branch, path }, index) => [
      { name: `f${index}`, value: `refs/heads/${branch}:${path}` },
      { name: `h${index}`, value: `${headOid}:${path}` },
    ]),
  ];
  const query = `query Guard($owner: String!, $repo: String!, $number: Int!, $app: Int!, $head: GitObjectID!${variables.map(({ name }) => `, $${name}: String!`).join("")}) {
    repository(owner: $owner, name: $repo) {
      pullRequest(number: $number) { state baseRefName author { __typename login } }
      head: object(oid: $head) { ... on Commit { ${CHECK_FIELD} } }
      ${branches.map((_, index) => `b${index}: ref(qualifiedName: $b${index}) { target { oid } }`).join("\n")}
      ${files.map((_, index) => `f${index}: object(expression: $f${index}) { oid } h${index}: object(expression: $h${index}) { oid }`).join("\n")}
    }
  }`;
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const answer = await client.graphql(query, { owner, repo, number, app, head: headOid, ...values });
  const { repository } = z.object({ repository: z.record(z.string(), z.unknown()) }).parse(answer);
  const { pullRequest, head } = Subject.parse(repository);
  const oidOf = (name: string) => Blob.parse(repository[name])?.oid ?? null;
  return {
    // A head that is not there any more is nobody's to merge.
    isOpen: pullRequest.state === "OPEN" && head !== null,
    author: pullRequest.author?.__typename === "User" ? pullRequest.author.login : null,
    baseBranch: pullRequest.baseRefName,
    check: head?.checkSuites ?? null,
    branches: new Map(
      branches.map((branch, index) => [branch, Branch.parse(repository[`b${index}`])?.target.oid ?? null]),
    ),
    differing: files.filter((_, index) => oidOf(`f${index}`) !== oidOf(`h${index}`)),
  };
}
