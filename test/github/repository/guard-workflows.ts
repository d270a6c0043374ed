import type { Caller } from "../auth/caller.ts";
import { GitHubError } from "../github-error.ts";

/** Throws for an App's or a workflow's token that would touch a workflow without the permission `workflows`. */
export function requireWorkflowPermission(caller: Caller, paths: readonly string[]): void {
  const problem = findWorkflowProblem(caller, paths);
  if (problem !== null) throw new GitHubError(403, problem, { type: "FORBIDDEN" });
}

/** In git's words on a push; null: nothing in the way. */
export function findWorkflowProblem(caller: Caller, paths: readonly string[]): string | null {
  if (caller.kind !== "installation" && caller.kind !== "workflow") return null;
  if (caller.permissions.workflows === "write") return null;
  const workflow = paths.find((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path));
  return workflow === undefined
    ? null
    : `refusing to allow a GitHub App to create or update workflow \`${workflow}\` without \`workflows\` permission`;
}
