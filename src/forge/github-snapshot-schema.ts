import { z } from "zod";
import { ClosedPullsAnswer } from "./github-rejected.ts";
import { ScaleBranchAnswer } from "./github-scale-heads.ts";
import { FileEntry, TextObject } from "./github-snapshot-file.ts";
import { Actor } from "./github-viewer.ts";

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
  // Beside it, one `formerFile<n>` for each path at which the stack's file stood before.
  parents: nodes(z.looseObject({ oid: z.string(), file: FileEntry })),
  associatedPullRequests: nodes(
    z.object({
      number: z.int(),
      mergedAt: z.string().nullable(),
      baseRefName: z.string(),
      author: Actor,
      mergedBy: Actor,
      mergeCommit: z.object({ message: z.string() }).nullable(),
    }),
  ).nullable(),
});
export type CommitAnswer = z.infer<typeof CommitAnswer>;

/** A page of the commits that touched a path, newest first. */
export const HistoryAnswer = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  nodes: z.array(CommitAnswer),
});
export type HistoryAnswer = z.infer<typeof HistoryAnswer>;

/** Null where the commit is not there. */
export const HistoryAtAnswer = z.object({
  repository: z.object({ at: z.object({ history: HistoryAnswer }).nullable() }),
});

/** The base branch's head. Beside these, one `formerHistory<n>` for each path at which the stack's file stood before. */
const BaseAnswer = z.looseObject({ oid: z.string(), file: FileEntry, history: HistoryAnswer });
export type BaseAnswer = z.infer<typeof BaseAnswer>;

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
    base: z.object({ target: BaseAnswer }).nullable(),
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
