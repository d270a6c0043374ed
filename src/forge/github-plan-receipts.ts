import { z } from "zod";
import type { RepositoryName } from "../domain/repository-name.ts";
import { parseTrailers } from "../domain/trailers.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { readBlobText, wholeText } from "./github-blob.ts";
import type { GitHubClientFor } from "./github-octokit.ts";
import { BLOB_FIELDS, FileEntry, TextObject } from "./github-snapshot-file.ts";
import { Actor, isViewer } from "./github-viewer.ts";
import { type GitHubWork, gitHubWork } from "./github-work.ts";
import type { MergedPlan, PlanReceiptForge, PlanReceipts } from "./plan-receipt-forge.ts";

/** So many folders are looked at: whoever may push to the ledger may make any number. */
const MOST_RECEIPTS = 100;

/** Receipts of plans on GitHub's ledger branch, and where their plans come from: a request each. */
export class GitHubPlanReceipts implements PlanReceiptForge {
  readonly #doing: GitHubWork;

  constructor(clientFor: GitHubClientFor) {
    this.#doing = gitHubWork(clientFor);
  }

  readPlanReceipts(place: RepositoryName, folder: string): Promise<PlanReceipts> {
    return this.#doing(place, "reading the receipts of plans", async (client) => {
      const { owner, repo } = place;
      const ledger = `refs/heads/${LEDGER_BRANCH}`;
      const answer = await client.graphql(RECEIPTS_QUERY, { owner, repo, ledger, folder });
      const { repository } = Receipts.parse(answer);
      const blob = repository.repositoryFile;
      const file = blob === null ? null : await readBlobText(client, { owner, repo }, blob);
      const folders = repository.ledger?.target.file?.object?.entries ?? [];
      const texts = folders.slice(0, MOST_RECEIPTS).flatMap(({ name, object }): [string, string][] => {
        const receipt = object?.entries?.find((entry) => entry.name === "receipt.json")?.object ?? null;
        // Ours are small: of one that GraphQL cuts nothing more is asked for.
        const text = receipt === null ? null : wholeText(receipt);
        return text === null ? [] : [[name, text]];
      });
      return {
        repositoryId: String(repository.databaseId),
        baseBranch: repository.defaultBranchRef?.name ?? "main",
        repositoryFile: file?.kind === "text" ? file.text : null,
        texts: new Map(texts),
      };
    });
  }

  findMergedPlan(place: RepositoryName, path: string, blob: string): Promise<MergedPlan | null> {
    return this.#doing(place, "finding where a plan was merged", async (client) => {
      const { owner, repo } = place;
      const { repository, viewer } = History.parse(
        await client.graphql(HISTORY_QUERY, { owner, repo, path }),
      );
      const branch = repository.defaultBranchRef;
      const commit = branch?.target.history.nodes.find(({ file }) => file?.object?.oid === blob);
      if (branch == null || commit === undefined) return null;
      const pull = commit.associatedPullRequests?.nodes.find(
        ({ mergedAt, baseRefName }) => mergedAt !== null && baseRefName === branch.name,
      );
      return {
        commit: commit.oid,
        pullRequest: pull?.number ?? null,
        author: pull?.author?.login ?? null,
        approvedBy: pull === undefined ? null : approverOf(pull, viewer.login),
      };
    });
  }
}

/** In our own merge stands whose word it was, also of a command. Anybody may write as much into theirs: of it a review of its head tells. */
function approverOf(
  { mergedBy, mergeCommit, headRefOid, reviews }: MergedPull,
  viewer: string,
): string | null {
  const trailers = isViewer(mergedBy, viewer) ? parseTrailers(mergeCommit?.message ?? "") : [];
  const review = reviews?.nodes.find(
    ({ state, commit }) => state === "APPROVED" && commit?.oid === headRefOid,
  );
  return trailers.find(({ key }) => key === "Approved-By")?.value ?? review?.author?.login ?? null;
}

const RECEIPTS_QUERY = `
query PlanReceipts($owner: String!, $repo: String!, $ledger: String!, $folder: String!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    defaultBranchRef { name }
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { ${BLOB_FIELDS} } }
    ledger: ref(qualifiedName: $ledger) {
      target {
        ... on Commit {
          file(path: $folder) {
            object { ... on Tree { entries { name object { ... on Tree { entries { name object { ... on Blob { ${BLOB_FIELDS} } } } } } } } }
          }
        }
      }
    }
  }
}`;

const Folder = z.object({
  name: z.string(),
  object: z
    .object({ entries: z.array(z.object({ name: z.string(), object: TextObject })).nullish() })
    .nullable(),
});
const Receipts = z.object({
  repository: z.object({
    databaseId: z.int(),
    defaultBranchRef: z.object({ name: z.string() }).nullable(),
    repositoryFile: TextObject,
    ledger: z
      .object({
        target: z.object({
          file: z.object({ object: z.object({ entries: z.array(Folder).nullish() }).nullable() }).nullish(),
        }),
      })
      .nullable(),
  }),
});

/** The newest states of a plan's file: more are not merged while one is applied. */
const HISTORY_QUERY = `
query PlanOrigin($owner: String!, $repo: String!, $path: String!) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    defaultBranchRef {
      name
      target {
        ... on Commit {
          history(first: 20, path: $path) {
            nodes {
              oid
              file(path: $path) { object { ... on Blob { ${BLOB_FIELDS} } } }
              associatedPullRequests(first: 5) { nodes {
                number
                mergedAt
                baseRefName
                author { login }
                mergedBy { __typename login }
                mergeCommit { message }
                headRefOid
                reviews: latestOpinionatedReviews(first: 20, writersOnly: true) { nodes { state author { login } commit { oid } } }
              } }
            }
          }
        }
      }
    }
  }
}`;

const Login = z.object({ login: z.string() });
const Review = z.object({
  state: z.string(),
  author: Login.nullable(),
  commit: z.object({ oid: z.string() }).nullable(),
});
const MergedPull = z.object({
  number: z.int(),
  mergedAt: z.string().nullable(),
  baseRefName: z.string(),
  author: Login.nullable(),
  mergedBy: Actor,
  mergeCommit: z.object({ message: z.string() }).nullable(),
  headRefOid: z.string(),
  reviews: z.object({ nodes: z.array(Review) }).nullable(),
});
type MergedPull = z.infer<typeof MergedPull>;
const Origin = z.object({
  oid: z.string(),
  file: FileEntry,
  associatedPullRequests: z.object({ nodes: z.array(MergedPull) }).nullable(),
});
const History = z.object({
  viewer: Login,
  repository: z.object({
    defaultBranchRef: z
      .object({
        name: z.string(),
        target: z.object({ history: z.object({ nodes: z.array(Origin) }) }),
      })
      .nullable(),
  }),
});
