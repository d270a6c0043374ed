import type { GitHubOptions } from "../github/github-stand-in.ts";

/** All GraphQL fields that PulumiScale uses and does without. */
export const OPTIONAL_FIELDS = [
  "Mutation.createCommitOnBranch",
  "Mutation.updateRefs",
  "Mutation.enablePullRequestAutoMerge",
  "Mutation.enqueuePullRequest",
  "PullRequest.autoMergeRequest",
  "PullRequest.isInMergeQueue",
  "PullRequest.mergeStateStatus",
  "PullRequestReview.authorCanPushToRepository",
  "Commit.signature",
];

/** An Enterprise Server that lacks all of them, and signs no commit. */
export const OLD_SERVER: GitHubOptions = {
  enterprise: {
    version: "3.11.19",
    // Auto-merge came as a whole.
    missingFields: [...OPTIONAL_FIELDS, "Mutation.disablePullRequestAutoMerge"],
    signsWebCommits: false,
  },
};
