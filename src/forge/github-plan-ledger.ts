import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import { readBlobText } from "./github-blob.ts";
import { toForgeError } from "./github-errors.ts";
import { commitToGitHubLedger, LEDGER_REF, unexpectedAnswer } from "./github-ledger.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { BLOB_FIELDS, BlobAnswer } from "./github-snapshot-file.ts";

/** Where plans of Kubernetes workloads are, on the base branch as on the ledger's. */
export type PlanFolder = RepositoryName & { baseBranch: string; folder: string };

const QUERY = `
query Plans($owner: String!, $repo: String!, $base: String!, $ledger: String!, $folder: String!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { ${BLOB_FIELDS} } }
    base: ref(qualifiedName: $base) { ...folders }
    ledger: ref(qualifiedName: $ledger) { ...folders }
  }
}
fragment folders on Ref {
  target {
    oid
    ... on Commit {
      file(path: $folder) {
        object { ... on Tree { entries { name object { ... on Tree { entries { name mode object { ... on Blob { ${BLOB_FIELDS} } } } } } } } }
      }
    }
  }
}`;

/** More than a plan has of receipts, however often it was gone on with; whoever pushes as many commits puts the older ones out of sight. */
const EARLIER = 40;

const EARLIER_QUERY = `
query EarlierReceipts($owner: String!, $repo: String!, $ledger: String!, $path: String!) {
  repository(owner: $owner, name: $repo) {
    ledger: ref(qualifiedName: $ledger) {
      target {
        ... on Commit {
          history(first: ${EARLIER}, path: $path) { nodes { file(path: $path) { object { ... on Blob { ${BLOB_FIELDS} } } } } }
        }
      }
    }
  }
}`;

const PLAN_QUERY = `
query FormerPlan($owner: String!, $repo: String!, $blob: GitObjectID!) {
  repository(owner: $owner, name: $repo) { plan: object(oid: $blob) { ... on Blob { ${BLOB_FIELDS} } } }
}`;

const Blob = z.union([BlobAnswer, z.object({}).transform(() => null)]).nullable();
const File = z.object({
  name: z.string(),
  mode: z.int(),
  object: Blob,
});
const Folder = z.object({
  name: z.string(),
  object: z.object({ entries: z.array(File).nullish() }).nullable(),
});
const Branch = z
  .object({
    target: z.object({
      oid: z.string(),
      file: z.object({ object: z.object({ entries: z.array(Folder).nullish() }).nullable() }).nullish(),
    }),
  })
  .nullable();
const Answer = z.object({
  repository: z.object({ databaseId: z.int(), repositoryFile: Blob, base: Branch, ledger: Branch }),
});

const EarlierAnswer = z.object({
  repository: z.object({
    ledger: z
      .object({
        target: z.object({
          history: z.object({ nodes: z.array(z.object({ file: z.object({ object: Blob }).nullable() })) }),
        }),
      })
      .nullable(),
  }),
});

const PlanAnswer = z.object({ repository: z.object({ plan: Blob }) });

/** A file of a folder of a folder. `text` is null where it is no text, or too large. */
type Found = { target: string; blob: string; text: string | null };

/** Plans at the newest head of the base branch, and what stands of them on the ledger branch: one request. */
export class GitHubPlanLedger {
  readonly #client: GitHubClient;
  readonly #place: PlanFolder;

  constructor(client: GitHubClient, place: PlanFolder) {
    this.#client = client;
    this.#place = place;
  }

  /** Throws `ForgeError`. */
  read() {
    return this.#doing("reading the plans", async () => {
      const { owner, repo, baseBranch, folder } = this.#place;
      const base = `refs/heads/${baseBranch}`;
      const { repository } = await this.#ask(QUERY, { base, ledger: LEDGER_REF, folder }, Answer);
      if (repository.base === null) {
        const message = `The branch ${baseBranch} is not in ${owner}/${repo}, so that no plan can be merged there. Set base-branch (--base-branch).`;
        throw new ForgeError("not-found", message);
      }
      const plans = await this.#texts(repository.base, "plan.yaml");
      const receipts = await this.#texts(repository.ledger, "receipt.json");
      return {
        plans,
        // One that is no text is there all the same.
        receipts: new Map(receipts.map(({ target, text }) => [target, text ?? ""])),
        ledgerOid: repository.ledger?.target.oid ?? null,
        repositoryId: String(repository.databaseId),
        repositoryFile: await this.#text(repository.repositoryFile),
      };
    });
  }

  /** The texts of the newest commits that touch a target's receipt, newest first. Throws `ForgeError`. */
  readEarlier(target: string): Promise<string[]> {
    return this.#doing("reading earlier receipts", async () => {
      const path = `${this.#place.folder}/${target}/receipt.json`;
      const answer = await this.#ask(EARLIER_QUERY, { ledger: LEDGER_REF, path }, EarlierAnswer);
      const { ledger } = answer.repository;
      const blobs = (ledger?.target.history.nodes ?? []).map(({ file }) => file?.object ?? null);
      const texts = await Promise.all(blobs.map((blob) => this.#text(blob)));
      return texts.filter((text) => text !== null);
    });
  }

  /** The text of a blob; null where there is none. Throws `ForgeError`. */
  readPlan(blob: string): Promise<string | null> {
    return this.#doing("reading a former plan", async () => {
      const { repository } = await this.#ask(PLAN_QUERY, { blob }, PlanAnswer);
      return await this.#text(repository.plan);
    });
  }

  /** `again`: the branch has moved, or GitHub has not said whether it took it. Throws `ForgeError`. */
  async commit(commit: {
    expectedHeadOid: string | null;
    path: string;
    text: string;
    headline: string;
    body: string;
  }): Promise<"committed" | "again"> {
    try {
      await this.#doing("writing a receipt", () => commitToGitHubLedger(this.#client, this.#place, commit));
      return "committed";
    } catch (error) {
      if (error instanceof ForgeError && (error.code === "conflict" || error.code === "unavailable"))
        return "again";
      throw error;
    }
  }

  async #texts(branch: z.infer<typeof Branch>, name: string): Promise<Found[]> {
    const folders = branch?.target.file?.object?.entries ?? [];
    const found = folders.flatMap((folder) =>
      (folder.object?.entries ?? [])
        .filter((file) => file.name === name && file.object !== null && (file.mode & LINK) !== LINK)
        .map((file) => ({ target: folder.name, blob: file.object })),
    );
    return Promise.all(
      found.map(async ({ target, blob }) => ({
        target,
        blob: blob?.oid ?? "",
        text: await this.#text(blob),
      })),
    );
  }

  async #ask<T>(query: string, more: Record<string, string>, schema: z.ZodType<T>): Promise<T> {
    const { owner, repo } = this.#place;
    const variables = { owner, repo, ...more };
    const answer = schema.safeParse(await retry(() => askGraphql(this.#client, query, variables)));
    if (!answer.success) throw unexpectedAnswer("reading the plans", answer.error);
    return answer.data;
  }

  async #text(blob: z.infer<typeof Blob>): Promise<string | null> {
    const file = blob === null ? null : await readBlobText(this.#client, this.#place, blob);
    return file?.kind === "text" ? file.text : null;
  }

  async #doing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toForgeError(error, `${doing} in ${this.#place.owner}/${this.#place.repo}`);
    }
  }
}

const READS = 4;

/** A read that GitHub could not serve would leave a plan half applied until the next run. */
async function retry<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (attempt === READS || toForgeError(error, "reading").code !== "unavailable") throw error;
      await sleep((0.5 + Math.random()) * 500 * attempt);
    }
  }
}

/** Git's mode of a symbolic link: its content is a path, and no plan. */
const LINK = 0o120000;
