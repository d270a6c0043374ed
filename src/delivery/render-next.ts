import { cleanLine } from "../domain/clean-text.ts";
import type { ScaleCommit } from "../domain/scale-commit.ts";
import { renderCode } from "./render-code.ts";

export type NextFacts = {
  /** The stack file, from the repository's root. */
  path: string;
  /** The base branch. */
  branch: string;
  gated: boolean;
};

/** What becomes of a scale pull request: what merges it, who may approve it and how, and what the merge does. */
export function renderNext(commit: ScaleCommit, { path, branch, gated }: NextFacts): string {
  const applied = `On merge to ${renderCode(branch)} the deploy workflow applies it: one targeted \`pulumi up\` of what is in the table.`;
  const changes = `It changes these values in ${renderCode(path)} and nothing else.`;
  if (!gated) {
    return `${changes} This change is in range: it merges by itself as soon as the repository lets it. ${applied}`;
  }
  return [
    `${changes} This change is above the approval threshold: nothing merges it before a person has approved it.`,
    [
      `- **Who may approve:** a person with write access to this repository, other than ${requesters(commit)}.`,
      "- **How:** review this pull request and choose *Approve*, or comment `/scale approve`. The approval is of exactly this commit: what is pushed or made anew later has to be approved again. Then it merges by itself as soon as the repository lets it. Closing it is a no.",
      `- **Then:** ${applied}`,
    ].join("\n"),
  ].join("\n\n");
}

/** The logins among those who asked: an alert's requester is its source, which approves nothing. */
function requesters({ requestedBy, scales }: ScaleCommit): string {
  const sources = new Set(scales.map(({ source }) => source));
  const logins = requestedBy.split(", ").filter((name) => name !== "" && !sources.has(name));
  const shown = logins.map((login) => renderCode(cleanLine(login, 80))).filter((login) => login !== "");
  return shown.length === 0 ? "who asked for it" : `${shown.join(", ")}, who asked for it`;
}
