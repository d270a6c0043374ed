import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type {
  ApplyForge,
  CommitReport,
  DeployPlace,
  HeadRead,
  HistoryRead,
  LedgerCommit,
  LedgerRead,
  LedgerStack,
  RepositoryPlace,
} from "../apply/apply-forge.ts";
import { entryPath } from "../ledger/entry.ts";
import { ForgeError } from "./forge.ts";
import { listLedgerStacks } from "./github-apply-list.ts";
import {
  commitFields,
  GitObject,
  OBJECT_FRAGMENT,
  programFields,
  readCommitState,
  readProgramStates,
  readStackFile,
} from "./github-apply-query.ts";
import { toForgeError } from "./github-errors.ts";
import {
  commitToGitHubLedger,
  LEDGER_FIELDS,
  LEDGER_REF,
  LedgerAnswer,
  readLedgerAnswer,
  unexpectedAnswer,
} from "./github-ledger.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** How many changes of the stack file since the last apply are looked at; more count as "any pool may have moved". */
const HISTORY_LENGTH = 50;

/** What an apply asks of GitHub, with the workflow's own token. */
export class GitHubApplyForge implements ApplyForge {
  readonly #client: GitHubClient;

  constructor(client: GitHubClient) {
    this.#client = client;
  }

  readHead(place: DeployPlace, others: readonly string[]): Promise<HeadRead> {
    return this.#doing(place, "reading the base branch", async () => {
      const commits = [...new Set(others)];
      const asked = programFields(place, commits);
      const atHead = commitFields(place);
      const repository = await this.#query(
        place,
        LedgerAnswer.extend({
          id: z.string(),
          base: z.object({ target: z.looseObject({ oid: z.string() }) }).nullable(),
        }),
        `id
    base: ref(qualifiedName: $base) {
      target {
        oid
        ... on Commit {
        ${atHead.fields}
        }
      }
    }${LEDGER_FIELDS}
    ${asked.fields}`,
        `, $base: String!, $ledger: String!, $ledgerPath: String!${atHead.declarations}${asked.declarations}`,
        {
          base: `refs/heads/${place.baseBranch}`,
          ...ledgerVariables(place),
          ...atHead.variables,
          ...asked.variables,
        },
      );
      if (repository.base === null) {
        throw new ForgeError(
          "not-found",
          `The branch ${place.baseBranch} is not in ${place.owner}/${place.repo}, so nothing can be deployed from it. Set base-branch.`,
        );
      }
      const head = await readCommitState(this.#client, place, repository.base.target);
      if (head === null) {
        throw new ForgeError(
          "not-found",
          `There is no directory ${place.dir} on ${place.baseBranch}, so the stack's values cannot be read. Check work-dir, or push it.`,
        );
      }
      const states = await readProgramStates(this.#client, place, commits, repository);
      const ledger = await readLedgerAnswer(this.#client, place, repository);
      return {
        repositoryId: repository.id,
        headOid: repository.base.target.oid,
        head,
        others: states,
        ledger,
      };
    });
  }

  readHistory(
    place: DeployPlace,
    headOid: string,
    since: string,
    others: readonly string[],
  ): Promise<HistoryRead> {
    return this.#doing(place, "reading the stack file's history", async () => {
      const commits = [...new Set(others)];
      const asked = programFields(place, commits);
      const repository = await this.#query(
        place,
        z.looseObject({ head: HistoryAnswer, since: SinceAnswer }),
        `head: object(oid: $head) {
      ... on Commit {
        history(first: ${HISTORY_LENGTH}, path: $path) {
          pageInfo { hasNextPage }
          nodes { oid message file(path: $path) { object { ...gitObject } } }
        }
      }
    }
    since: object(expression: $since) {
      ... on Commit { history(first: ${HISTORY_LENGTH}, path: $path) { nodes { oid } } }
    }
    ${asked.fields}`,
        `, $head: GitObjectID!, $since: String!, $path: String!${asked.declarations}`,
        { head: headOid, since, path: place.stackFilePath, ...asked.variables },
      );
      const nodes = repository.head?.history?.nodes ?? [];
      // What was there as of `since` is taken out one by one: a merged branch may have older dates than the commits
      // that were there before it, so there is no single place at which to cut.
      const known = new Set(repository.since?.history?.nodes.map(({ oid }) => oid));
      const fresh = nodes.filter(({ oid }) => !known.has(oid));
      const isWhole = repository.head?.history?.pageInfo.hasNextPage === false;
      return {
        commits: await Promise.all(
          fresh.map(async ({ oid, message, file }) => ({
            oid,
            message,
            stackFile: await readStackFile(this.#client, place, file?.object ?? null),
          })),
        ),
        isComplete: repository.since !== null && (isWhole || fresh.length < nodes.length),
        states: await readProgramStates(this.#client, place, commits, repository),
      };
    });
  }

  readLedger(place: DeployPlace): Promise<LedgerRead> {
    return this.#doing(place, "reading the ledger", async () => {
      const repository = await this.#query(
        place,
        LedgerAnswer,
        LEDGER_FIELDS,
        ", $ledger: String!, $ledgerPath: String!",
        ledgerVariables(place),
      );
      return readLedgerAnswer(this.#client, place, repository);
    });
  }

  commitToLedger(place: DeployPlace, commit: LedgerCommit): Promise<void> {
    return this.#doing(place, "writing the ledger", () => commitToGitHubLedger(this.#client, place, commit));
  }

  async report(place: DeployPlace, report: CommitReport): Promise<void> {
    await this.#doing(place, `reporting on ${report.commit.slice(0, 7)}`, () =>
      this.#client.request("POST /repos/{owner}/{repo}/check-runs", {
        owner: place.owner,
        repo: place.repo,
        name: report.name,
        head_sha: report.commit,
        status: "completed",
        conclusion: report.conclusion,
        output: { title: report.title, summary: report.summary },
        ...(report.detailsUrl === null ? {} : { details_url: report.detailsUrl }),
      }),
    );
  }

  listStacks(repository: RepositoryPlace): Promise<LedgerStack[]> {
    return this.#doing(repository, "listing the stacks", () => listLedgerStacks(this.#client, repository));
  }

  includes(place: DeployPlace, commit: string, other: string): Promise<boolean> {
    return this.#doing(place, "comparing two commits", async () => {
      const { data } = await this.#client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
        owner: place.owner,
        repo: place.repo,
        basehead: `${other}...${commit}`,
        per_page: 1,
      });
      return data.status === "ahead" || data.status === "identical";
    });
  }

  async #query<T>(
    place: DeployPlace,
    Repository: z.ZodType<T>,
    fields: string,
    declarations: string,
    variables: Record<string, string>,
  ): Promise<T> {
    const query = `query Apply($owner: String!, $repo: String!${declarations}) {
  repository(owner: $owner, name: $repo) {
    ${fields.trim()}
  }
}${OBJECT_FRAGMENT}`;
    const answer = await retryUnavailable(() =>
      this.#client.graphql(query, { owner: place.owner, repo: place.repo, ...variables }),
    );
    const parsed = z.object({ repository: Repository }).safeParse(answer);
    if (!parsed.success) throw unexpectedAnswer("reading the repository", parsed.error);
    return parsed.data.repository;
  }

  async #doing<T>(
    place: Pick<DeployPlace, "owner" | "repo">,
    doing: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toForgeError(error, `${doing} in ${place.owner}/${place.repo}`);
    }
  }
}

const MAX_READS = 3;

/** A read that GitHub could not serve is asked again twice, within seconds: else the scale waits for the next run. */
async function retryUnavailable<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (attempt === MAX_READS || toForgeError(error, "reading").code !== "unavailable") throw error;
      await delay((0.5 + Math.random()) * 500 * attempt);
    }
  }
}

function ledgerVariables(place: DeployPlace): { ledger: string; ledgerPath: string } {
  return { ledger: LEDGER_REF, ledgerPath: entryPath(place.alias) };
}

const HistoryAnswer = z
  .object({
    history: z
      .object({
        pageInfo: z.object({ hasNextPage: z.boolean() }),
        nodes: z.array(
          z.object({
            oid: z.string(),
            message: z.string(),
            file: z.object({ object: GitObject }).nullable(),
          }),
        ),
      })
      .optional(),
  })
  .nullable();

const SinceAnswer = z
  .object({ history: z.object({ nodes: z.array(z.object({ oid: z.string() })) }).optional() })
  .nullable();
