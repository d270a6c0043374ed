import { z } from "zod";
import { ClosedPullsAnswer } from "./github-rejected.ts";
import { ScaleBranchAnswer } from "./github-scale-heads.ts";
import { FileEntry, TextObject } from "./github-snapshot-file.ts";

const nodes = <T extends z.ZodType>(node: T) => z.object({ nodes: z.array(node) });

/** What stood in the ledger's file, newest first; its own text is the first. */
const LedgerHistory = nodes(
  z.object({ file: z.object({ object: z.object({ text: z.string().nullish() }).nullable() }).nullable() }),
);

const CommitAnswer = z.object({
  oid: z.string(),
  message: z.string(),
  committedDate: z.string(),
  author: z
    .object({ name: z.string().nullable(), user: z.object({ login: z.string() }).nullable() })
    .nullable(),
  file: FileEntry,
  parents: nodes(z.object({ file: FileEntry })),
  associatedPullRequests: nodes(
    z.object({
      number: z.int(),
      mergedAt: z.string().nullable(),
      baseRefName: z.string(),
      mergeCommit: z.object({ message: z.string() }).nullable(),
    }),
  ).nullable(),
});
export type CommitAnswer = z.infer<typeof CommitAnswer>;

export const SnapshotAnswer = z.object({
  viewer: z.object({ login: z.string() }),
  // Beside these, one `closedFormer<n>` for each former name of the stack.
  repository: z.looseObject({
    id: z.string(),
    databaseId: z.int(),
    squashMergeAllowed: z.boolean(),
    mergeCommitAllowed: z.boolean(),
    rebaseMergeAllowed: z.boolean(),
    repositoryFile: TextObject,
    base: z
      .object({
        target: z.object({
          oid: z.string(),
          file: FileEntry,
          history: z.object({
            pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
            nodes: z.array(CommitAnswer),
          }),
        }),
      })
      .nullable(),
    ledger: z
      .object({
        // Beside these, one `former<n>` for each former name of the stack.
        target: z.looseObject({
          oid: z.string(),
          file: FileEntry,
          controls: FileEntry,
          allControls: FileEntry,
          history: LedgerHistory,
        }),
      })
      .nullable(),
    inRange: ScaleBranchAnswer.nullable(),
    gated: nodes(ScaleBranchAnswer).nullable(),
    reverts: nodes(ScaleBranchAnswer).nullable(),
    ...ClosedPullsAnswer.shape,
  }),
});
export type SnapshotAnswer = z.infer<typeof SnapshotAnswer>;
