import type { EventsConfig } from "@actions/workflow-parser/model/workflow-template";

type PushFilter = NonNullable<EventsConfig["push"]>;

/**
 * Whether `on: push` starts for this ref.
 * @param ref `refs/heads/…` or `refs/tags/…`
 * @param changedFiles paths from the root of the repository; only read for branches
 */
export function matchesPush(filter: PushFilter, ref: string, changedFiles: readonly string[]): boolean {
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const { branches, tags, paths } = filter;
  const branchesIgnore = filter["branches-ignore"];
  const tagsIgnore = filter["tags-ignore"];
  const pathsIgnore = filter["paths-ignore"];
  const ofBranches = branches ?? branchesIgnore;
  const ofTags = tags ?? tagsIgnore;
  if (kind === "tags") {
    if (ofTags === undefined) return ofBranches === undefined;
    return tags === undefined ? !matchesPatterns(tagsIgnore ?? [], name) : matchesPatterns(tags, name);
  }
  if (ofBranches === undefined && ofTags !== undefined) return false;
  if (branches !== undefined && !matchesPatterns(branches, name)) return false;
  if (branchesIgnore !== undefined && matchesPatterns(branchesIgnore, name)) return false;
  if (paths !== undefined && !changedFiles.some((file) => matchesPatterns(paths, file))) return false;
  return pathsIgnore === undefined || changedFiles.some((file) => !matchesPatterns(pathsIgnore, file));
}

/** The last pattern that matches decides; one that begins with `!` excludes. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  return patterns.reduce((matched, pattern) => {
    const excludes = pattern.startsWith("!");
    return toRegExp(excludes ? pattern.slice(1) : pattern).test(name) ? !excludes : matched;
  }, false);
}

/** GitHub's filter patterns: `*` within a folder, `**` across, `?` and `+` repeat what stands before, `[a-z]`. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(
    /\\(.)|\*\*\/|\*\*|\*|\[[^\]]*\]|[?+]|[.^${}()|/]/g,
    (part, escaped?: string) => {
      if (escaped !== undefined) return `\\${escaped}`;
      if (part === "**/") return "(?:.*/)?";
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      return /^[[?+]/.test(part) ? part : `\\${part}`;
    },
  );
  return new RegExp(`^${source}$`);
}

/** Whether a commit message asks GitHub to start nothing for a push. */
export function skipsWorkflows(message: string): boolean {
  if (/\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]/.test(message)) return true;
  const lastParagraph = message.trimEnd().split(/\n\n+/).at(-1) ?? "";
  return message.includes("\n\n") && /^skip-checks: *true$/im.test(lastParagraph);
}
