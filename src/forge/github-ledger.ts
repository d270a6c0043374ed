import { z } from "zod";
import type { LedgerCommit, LedgerRead } from "../apply/apply-forge.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { ForgeError } from "./forge.ts";
import { GitObject } from "./github-apply-query.ts";
import { readBlobText } from "./github-blob.ts";
import type { GitHubClient } from "./github-octokit.ts";

type Repository = { owner: string; repo: string };

/** The fields of a query that read the ledger, and what its entries are held against; `$ledger` and `$ledgerPath` are its variables. */
export const LEDGER_FIELDS = `
    databaseId
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ...gitObject }
    ledger: ref(qualifiedName: $ledger) {
      target {
        oid
        ... on Commit {
          file(path: $ledgerPath) { object { ...gitObject } }
          history(first: 6, path: $ledgerPath) { nodes { file(path: $ledgerPath) { object { ... on Blob { text } } } } }
        }
      }
    }`;

export const LEDGER_REF = `refs/heads/${LEDGER_BRANCH}`;

const Version = z.object({
  file: z.object({ object: z.object({ text: z.string().nullish() }).nullable() }).nullable(),
});

export const LedgerAnswer = z.looseObject({
  databaseId: z.int(),
  repositoryFile: GitObject,
  ledger: z
    .object({
      target: z.object({
        oid: z.string(),
        file: z.object({ object: GitObject }).nullable(),
        history: z.object({ nodes: z.array(Version) }),
      }),
    })
    .nullable(),
});

/** Reads the answer to `LEDGER_FIELDS`. */
export async function readLedgerAnswer(
  client: GitHubClient,
  place: Repository,
  { databaseId, repositoryFile, ledger }: z.infer<typeof LedgerAnswer>,
): Promise<LedgerRead> {
  const read = async (found: z.infer<typeof GitObject>): Promise<StackFile> =>
    found === null || !("byteSize" in found) ? { kind: "missing" } : readBlobText(client, place, found);
  const [entry, file] = await Promise.all([read(ledger?.target.file?.object ?? null), read(repositoryFile)]);
  return {
    headOid: ledger?.target.oid ?? null,
    // An entry that cannot be read is there all the same: it must not be taken for a stack that was never published.
    text: entry.kind === "missing" ? null : entry.kind === "text" ? entry.text : "",
    earlier: (ledger?.target.history.nodes ?? [])
      .slice(1)
      .flatMap((version) => version.file?.object?.text ?? []),
    repositoryNumber: String(databaseId),
    repositoryFile: file,
  };
}

/** Writes one file of the ledger as one commit. A branch that has moved, or has come to be, is a `conflict`. */
export async function commitToGitHubLedger(
  client: GitHubClient,
  place: Repository,
  commit: LedgerCommit,
): Promise<void> {
  if (commit.expectedHeadOid === null) return createLedgerBranch(client, place, commit);
  const mutation = `mutation($input: CreateCommitOnBranchInput!) {
    createCommitOnBranch(input: $input) { commit { oid } }
  }`;
  await client.graphql(mutation, {
    input: {
      branch: { repositoryNameWithOwner: `${place.owner}/${place.repo}`, branchName: LEDGER_BRANCH },
      expectedHeadOid: commit.expectedHeadOid,
      message: { headline: commit.headline, body: commit.body },
      fileChanges: {
        additions: [{ path: commit.path, contents: Buffer.from(commit.text, "utf8").toString("base64") }],
      },
    },
  });
}

/** An orphan branch: the ledger shares no history with the code. `createCommitOnBranch` cannot make one. */
async function createLedgerBranch(
  client: GitHubClient,
  place: Repository,
  commit: LedgerCommit,
): Promise<void> {
  const { owner, repo } = place;
  const tree = await client.request("POST /repos/{owner}/{repo}/git/trees", {
    owner,
    repo,
    tree: [{ path: commit.path, mode: "100644", type: "blob", content: commit.text }],
  });
  const made = await client.request("POST /repos/{owner}/{repo}/git/commits", {
    owner,
    repo,
    message: `${commit.headline}\n\n${commit.body}`,
    tree: tree.data.sha,
    parents: [],
  });
  // 422 where another run was quicker, which becomes a conflict: read again, then commit on top.
  await client.request("POST /repos/{owner}/{repo}/git/refs", {
    owner,
    repo,
    ref: LEDGER_REF,
    sha: made.data.sha,
  });
}

/** For answers that are not as GitHub's schema says. */
export function unexpectedAnswer(doing: string, error: z.ZodError): ForgeError {
  const issue = error.issues[0];
  const where = issue?.path.map(String).join(".") ?? "";
  return new ForgeError(
    "unavailable",
    `GitHub's answer while ${doing} is not as expected at ${where} (${issue?.message}); run it again.`,
  );
}
