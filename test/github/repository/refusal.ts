import type { Protection } from "./protection.ts";

/** What a branch refuses a merge with, from all that it still asks for. */
export function wordRefusal(
  protection: Pick<Protection, "kind"> | undefined,
  unmet: readonly string[],
): string {
  if (protection?.kind !== "ruleset") return unmet.join(" ");
  return `Repository rule violations found\n\n${unmet.map((rule) => `${rule}\n\n`).join("")}`;
}

export const throughPullRequest = "Changes must be made through a pull request.";
/** Without a full stop, unlike the one about pull requests. */
export const throughMergeQueue = "Changes must be made through the merge queue";
