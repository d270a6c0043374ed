import type { FormerFields } from "./github-former-fields.ts";
import type { FormerPathFields } from "./github-former-paths.ts";
import { CLOSED_PULL_FRAGMENT, closedPullsFields } from "./github-rejected.ts";
import { SCALE_BRANCH_FRAGMENT } from "./github-scale-heads.ts";
import { BLOB_FIELDS } from "./github-snapshot-file.ts";

/**
 * Everything that a decision needs of a repository, in one read. A commit's own `file` and `history` are consistent with it. `former`
 * and `paths`: see `formerFields` and `formerPathFields`.
 */
export function snapshotQuery(former: readonly FormerFields[], paths: readonly FormerPathFields[]): string {
  const formerFiles = paths.map(({ file, pathVariable }) => fileField(file, pathVariable)).join("\n");
  return `
query Snapshot(
  $owner: String!, $repo: String!, $base: String!, $path: String!, $ledger: String!, $ledgerPath: String!,
  $controlsPath: String!, $allControlsPath: String!,
  ${[
    ...former.flatMap(({ controls, closed }) => [controls, closed]),
    ...paths.map(({ pathVariable }) => pathVariable),
  ]
    .map((name) => `$${name}: String!, `)
    .join("")}${paths.map(({ cursorVariable }) => `$${cursorVariable}: String, `).join("")}
  $inRange: String!, $inRangeName: String!, $gated: String!, $reverts: String!, $commits: Int!, $after: String
) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    id
    databaseId
    squashMergeAllowed
    mergeCommitAllowed
    rebaseMergeAllowed
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ...text }
    base: ref(qualifiedName: $base) {
      target {
        ... on Commit {
          oid
          ${fileField("file", "path")}
          history(first: $commits, after: $after, path: $path) { ${historyFields("path", formerFiles)} }
          ${paths.map(formerHistory).join("\n")}
        }
      }
    }
    ledger: ref(qualifiedName: $ledger) {
      target {
        ... on Commit {
          oid
          file(path: $ledgerPath) { object { ...text } }
          controls: file(path: $controlsPath) { object { ...text } }
          allControls: file(path: $allControlsPath) { object { ...text } }
          ${former.map(({ controls }) => fileField(controls, controls)).join("\n")}
          history(first: 6, path: $ledgerPath) { nodes { file(path: $ledgerPath) { object { ... on Blob { text } } } } }
        }
      }
    }
    inRange: ref(qualifiedName: $inRange) { ...scaleBranch }
    gated: refs(refPrefix: $gated, first: 100) { nodes { ...scaleBranch } }
    reverts: refs(refPrefix: $reverts, first: 100) { nodes { ...scaleBranch } }
    ${closedPullsFields(former)}
  }
}
fragment text on GitObject { ... on Blob { ${BLOB_FIELDS} } }
${SCALE_BRANCH_FRAGMENT}
${CLOSED_PULL_FRAGMENT}
`;
}

/** A page of the history of one path, up to a commit. */
export const HISTORY_AT_QUERY = `
query HistoryAt($owner: String!, $repo: String!, $oid: GitObjectID!, $path: String!, $commits: Int!) {
  repository(owner: $owner, name: $repo) {
    at: object(oid: $oid) { ... on Commit { history(first: $commits, path: $path) { ${historyFields("path", "")} } } }
  }
}
fragment text on GitObject { ... on Blob { ${BLOB_FIELDS} } }
`;

function fileField(name: string, variable: string): string {
  return `${name}: file(path: $${variable}) { object { ...text } }`;
}

function formerHistory({ history, pathVariable, cursorVariable }: FormerPathFields): string {
  return `${history}: history(first: $commits, after: $${cursorVariable}, path: $${pathVariable}) { ${historyFields(pathVariable, "")} }`;
}

/** A page of commits, each with the file at that path after it and before it; `ofParent` is asked of the parent as well. */
function historyFields(pathVariable: string, ofParent: string): string {
  return `
    pageInfo { hasNextPage endCursor }
    nodes {
      oid
      message
      committedDate
      author { name user { login } }
      ${fileField("file", pathVariable)}
      parents(first: 1) { nodes { oid ${fileField("file", pathVariable)} ${ofParent} } }
      associatedPullRequests(first: 3) { nodes { number mergedAt baseRefName author { __typename login } mergedBy { __typename login } mergeCommit { message } } }
    }
  `;
}
