import { z } from "zod";
import type { LedgerCommit, LedgerRead } from "../apply/apply-forge.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { ForgeError } from "./forge.ts";
import { GitObject } from "./github-apply-query.ts";
import { readBlobText } from "./github-blob.ts";
import type { GitHubClient } from "./github-octokit.ts";

type Repository = { owner: string; repo: string };

/** The field of a query that reads the ledger; `$ledger` and `$ledgerPath` are its variables. */
export const LEDGER_FIELD = `
    ledger: ref(qualifiedName: $ledger) {
      target { oid ... on Commit { file(path: $ledgerPath) { object { ...gitObject } } } }
    }`;

export const LEDGER_REF = `refs/heads/${LEDGER_BRANCH}`;

export const LedgerAnswer = z
  .object({
    target: z.object({ oid: z.string(), file: z.object({ object: GitObject }).nullable() }),
  })
  .nullable();

/** Reads the answer to `LEDGER_FIELD`. */
export async function readLedgerAnswer(
  client: GitHubClient,
  place: Repository,
  answer: z.infer<typeof LedgerAnswer>,
): Promise<LedgerRead> {
  if (answer === null) return { headOid: null, text: null };
  const { oid: headOid, file } = answer.target;
  const blob = file?.object ?? null;
  if (blob === null || !("byteSize" in blob)) return { headOid, text: null };
  const read = await readBlobText(client, place, blob);
  // An entry that cannot be read is there all the same: it must not be taken for a stack that was never published.
  return { headOid, text: read.kind === "text" ? read.text : "" };
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
