import type { FormerFields } from "./github-former-fields.ts";
import { CLOSED_PULL_FRAGMENT, closedPullsFields } from "./github-rejected.ts";
import { SCALE_BRANCH_FRAGMENT } from "./github-scale-heads.ts";
import { BLOB_FIELDS } from "./github-snapshot-file.ts";

/**
 * Everything that a decision needs of a repository, in one read. A commit's own `file` and `history` are consistent with it. `former`:
 * see `formerFields`.
 */
export function snapshotQuery(former: readonly FormerFields[]): string {
  return `
query Snapshot(
  $owner: String!, $repo: String!, $base: String!, $path: String!, $ledger: String!, $ledgerPath: String!,
  $controlsPath: String!, $allControlsPath: String!,
  ${former
    .flatMap(({ controls, closed }) => [controls, closed])
    .map((name) => `$${name}: String!, `)
    .join(
      "",
    )}$inRange: String!, $inRangeName: String!, $gated: String!, $reverts: String!, $commits: Int!, $after: String
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
          file(path: $path) { object { ...text } }
          history(first: $commits, after: $after, path: $path) {
            pageInfo { hasNextPage endCursor }
            nodes {
              oid
              message
              committedDate
              author { name user { login } }
              file(path: $path) { object { ...text } }
              parents(first: 1) { nodes { file(path: $path) { object { ...text } } } }
              associatedPullRequests(first: 3) { nodes { number mergedAt baseRefName mergeCommit { message } } }
            }
          }
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
          ${former.map(({ controls }) => `${controls}: file(path: $${controls}) { object { ...text } }`).join("\n")}
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
