import { z } from "zod";
import type { AstrayPull, ScaleBranch, StackFile } from "../domain/snapshot.ts";
import type { StackPlace } from "./forge.ts";
import { optional } from "./github-server.ts";
import { type FileAnswer, FileEntry } from "./github-snapshot-file.ts";
import { Actor, isViewer } from "./github-viewer.ts";
import { hasHeadMark, hasSeal, withoutSeal } from "./head-mark.ts";

/** A branch of ours, with its pull requests; `$path` is the stack file's. The open ones' texts tell whose the head is. */
export const SCALE_BRANCH_FRAGMENT = `
fragment scaleBranch on Ref {
  name
  target {
    ... on Commit {
      oid
      message
      committedDate
      tree { oid }
      parents(first: 1) { nodes { oid } }
      file(path: $path) { object { ...text } }
    }
  }
  texts: associatedPullRequests(first: 5, states: OPEN) { nodes { number body } }
  associatedPullRequests(first: 5, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes {
      id number state headRefOid createdAt isDraft baseRefName changedFiles
      author { __typename login }
      commits(first: 1) { totalCount }
      ${optional("PullRequest.autoMergeRequest", "autoMergeRequest { enabledAt }")}
    }
  }
}`;

const nodes = <T extends z.ZodType>(node: T) => z.object({ nodes: z.array(node) });

const Pull = z.object({
  id: z.string(),
  number: z.int(),
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  headRefOid: z.string(),
  createdAt: z.string(),
  isDraft: z.boolean(),
  baseRefName: z.string(),
  changedFiles: z.int(),
  author: Actor,
  commits: z.object({ totalCount: z.int() }),
  autoMergeRequest: z.object({ enabledAt: z.string().nullable() }).nullish(),
});

export const ScaleBranchAnswer = z.object({
  name: z.string(),
  target: z.object({
    oid: z.string(),
    message: z.string(),
    committedDate: z.string(),
    tree: z.object({ oid: z.string() }),
    parents: nodes(z.object({ oid: z.string() })),
    file: FileEntry,
  }),
  texts: nodes(z.object({ number: z.int(), body: z.string() })),
  associatedPullRequests: nodes(Pull),
});
export type ScaleBranchAnswer = z.infer<typeof ScaleBranchAnswer>;

/** Who reads it, and how: the App's own login, the key of its marks, and what makes a text of an answer. */
export type HeadReading = {
  place: StackPlace;
  repositoryNumber: string;
  viewer: string;
  markKey: Buffer;
  read: (entry: FileAnswer) => Promise<StackFile>;
};

/** Makes a branch of what GitHub says of it. `name`: its whole name, since an answer may leave out what was asked for. */
export async function scaleBranch(
  answer: ScaleBranchAnswer,
  name: string,
  { place, repositoryNumber, viewer, markKey, read }: HeadReading,
): Promise<ScaleBranch> {
  const { target } = answer;
  const pulls = answer.associatedPullRequests.nodes;
  // A pull request of somebody else's is none of ours: it is never merged, and never counts.
  const own = pulls.filter(({ state, author }) => state === "OPEN" && isViewer(author, viewer));
  const pull = own.find(({ baseRefName }) => baseRefName === place.branch);
  return {
    name,
    headOid: target.oid,
    headMessage: withoutSeal(target.message),
    parentOid: target.parents.nodes[0]?.oid ?? null,
    committedAtMs: Date.parse(target.committedDate),
    file: await read(target.file),
    isFinished: pulls.some(({ state, headRefOid }) => state !== "OPEN" && headRefOid === target.oid),
    astray: pull === undefined ? astrayOf(own[0]) : null,
    pull:
      pull === undefined
        ? null
        : {
            number: pull.number,
            nodeId: pull.id,
            createdAtMs: Date.parse(pull.createdAt),
            isDraft: pull.isDraft,
            headOid: pull.headRefOid,
            commitCount: pull.commits.totalCount,
            fileCount: pull.changedFiles,
            isAutoMerging: pull.autoMergeRequest != null,
            isOurs: isOurs(answer, name, pull.number, repositoryNumber, markKey),
          },
  };
}

function astrayOf(pull: z.infer<typeof Pull> | undefined): AstrayPull | null {
  if (pull === undefined) return null;
  const { number, id: nodeId, baseRefName: base, autoMergeRequest } = pull;
  return { number, nodeId, base, isAutoMerging: autoMergeRequest != null };
}

/** No signature tells that: under the App's name GitHub also signs what a person squashes of its pull requests. */
function isOurs(
  { target, texts }: ScaleBranchAnswer,
  branch: string,
  number: number,
  repository: string,
  markKey: Buffer,
): boolean {
  const { oid: headOid, message, tree, parents } = target;
  const text = texts.nodes.find((one) => one.number === number)?.body ?? "";
  const parentOid = parents.nodes[0]?.oid ?? "";
  return (
    hasHeadMark(markKey, { repository, branch, headOid }, text) ||
    hasSeal(markKey, { repository, branch, parentOid, treeOid: tree.oid }, message)
  );
}
