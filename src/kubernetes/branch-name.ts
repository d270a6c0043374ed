/** A branch that a plan may go to: what git takes of plain characters, and none of those that PulumiScale uses itself. */
export function isPlanBranch(text: string): boolean {
  const parts = text.split("/");
  return (
    text.length <= 200 &&
    /^[A-Za-z0-9._/-]+$/.test(text) &&
    !text.includes("..") &&
    !text.startsWith("-") &&
    parts.every((part) => part !== "" && !/^\.|\.$|\.lock$/.test(part)) &&
    !OURS.includes(parts[0] ?? "") &&
    text !== "HEAD" &&
    !/^[0-9a-f]{40}$/.test(text)
  );
}

const OURS: readonly string[] = [
  "pulumiscale",
  "scale",
  "scale-approval",
  "scale-revert",
  "gh-readonly-queue",
  "refs",
];

/** What is expected of a branch, for sentences. */
export const BRANCH_RULE =
  "a branch name of letters, digits, `-`, `_`, `.` and `/` as git takes it, outside of pulumiscale/, scale/, scale-approval/, scale-revert/, gh-readonly-queue/ and refs/";
