import { z } from "zod";
import type { LedgerCommit, LedgerRead } from "../apply/apply-forge.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { ForgeError } from "./forge.ts";
import { GitObject } from "./github-apply-query.ts";
import { mutateOr } from "./github-ask.ts";
import { readBlobText } from "./github-blob.ts";
import { advanceBranch, createBranch, createCommit } from "./github-git-database.ts";
import type { GitHubClient } from "./github-octokit.ts";

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
  place: RepositoryName,
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
  place: RepositoryName,
  commit: LedgerCommit,
): Promise<void> {
  const { expectedHeadOid } = commit;
  if (expectedHeadOid === null) {
    // An orphan branch, as the ledger shares no history with the code; `createCommitOnBranch` cannot make one. Where another run
    // was quicker that becomes a conflict: read again, then commit on top.
    const made = await createCommit(client, place, { parentOid: null, ...commit });
    return createBranch(client, place, LEDGER_BRANCH, made.oid);
  }
  const mutation = `mutation($input: CreateCommitOnBranchInput!) {
    createCommitOnBranch(input: $input) { commit { oid } }
  }`;
  const input = {
    branch: { repositoryNameWithOwner: `${place.owner}/${place.repo}`, branchName: LEDGER_BRANCH },
    expectedHeadOid,
    message: { headline: commit.headline, body: commit.body },
    fileChanges: {
      additions: [{ path: commit.path, contents: Buffer.from(commit.text, "utf8").toString("base64") }],
    },
  };
  await mutateOr(
    client,
    ["Mutation.createCommitOnBranch"],
    () => client.graphql(mutation, { input }),
    async () => {
      const made = await createCommit(client, place, { parentOid: expectedHeadOid, ...commit });
      await advanceBranch(client, place, LEDGER_BRANCH, made.oid);
    },
  );
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
