import { CLOSED_PULL_FRAGMENT, CLOSED_PULLS_FIELDS } from "./github-rejected.ts";
import { SCALE_BRANCH_FRAGMENT } from "./github-scale-heads.ts";

/** So many former names of a stack are looked at for pauses and pins. */
export const MOST_FORMER = 10;

/**
 * Everything that a decision needs of a repository, in one read. A commit's own `file` and `history` are consistent with it. `former`
 * is how many former names of the stack there are.
 */
export function snapshotQuery(former: number): string {
  const names = Array.from({ length: Math.min(former, MOST_FORMER) }, (_, index) => `former${index}`);
  return `
query Snapshot(
  $owner: String!, $repo: String!, $base: String!, $path: String!, $ledger: String!, $ledgerPath: String!,
  $controlsPath: String!, $allControlsPath: String!,
  ${names.map((name) => `$${name}: String!, `).join("")}$inRange: String!, $inRangeName: String!, $gated: String!, $reverts: String!, $commits: Int!, $after: String
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
          file(path: $ledgerPath) { object { ...text } }
          controls: file(path: $controlsPath) { object { ...text } }
          allControls: file(path: $allControlsPath) { object { ...text } }
          ${names.map((name) => `${name}: file(path: $${name}) { object { ...text } }`).join("\n")}
          history(first: 6, path: $ledgerPath) { nodes { file(path: $ledgerPath) { object { ... on Blob { text } } } } }
        }
      }
    }
    inRange: ref(qualifiedName: $inRange) { ...scaleBranch }
    gated: refs(refPrefix: $gated, first: 100) { nodes { ...scaleBranch } }
    reverts: refs(refPrefix: $reverts, first: 100) { nodes { ...scaleBranch } }
    ${CLOSED_PULLS_FIELDS}
  }
}
fragment text on GitObject { ... on Blob { oid text byteSize isTruncated isBinary } }
${SCALE_BRANCH_FRAGMENT}
${CLOSED_PULL_FRAGMENT}
`;
}
