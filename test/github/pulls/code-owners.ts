import { readObject } from "../git/git-repository.ts";
import type { Account, Repository } from "../world.ts";
import { listPullFiles } from "./list-pull-changes.ts";
import type { PullRequest } from "./pull-request.ts";

/** Where GitHub looks, and in this order: the first that is there counts alone. */
const places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

interface Rule {
  readonly pattern: RegExp;
  /** Logins, `organization/team`, as they are written and without the `@`. */
  readonly owners: readonly string[];
}

/** The owners of what a pull request changes, one list for each file that has any, as its base branch says it. */
export async function listOwners(repository: Repository, pull: PullRequest): Promise<(readonly string[])[]> {
  const rules = await readRules(repository, pull.baseRef);
  const files = rules.length === 0 ? [] : await listPullFiles(repository, pull);
  return files
    .map(({ path }) => rules.findLast(({ pattern }) => pattern.test(path))?.owners ?? [])
    .filter((owners) => owners.length > 0);
}

/** Whether an account is one of these owners, or in a team that is. */
export function isOwner(repository: Repository, owners: readonly string[], { login }: Account): boolean {
  return owners.some((owner) => {
    const [organization = "", team] = owner.split("/");
    if (team === undefined) return owner.toLowerCase() === login.toLowerCase();
    if (organization.toLowerCase() !== repository.owner.login.toLowerCase()) return false;
    return repository.owner.organization?.teams.get(team)?.members.has(login.toLowerCase()) === true;
  });
}

async function readRules(repository: Repository, branch: string): Promise<Rule[]> {
  for (const place of places) {
    const object = await readObject(repository.git, `refs/heads/${branch}:${place}`);
    if (object?.type === "blob") return parseRules(object.content.toString("utf8"));
  }
  return [];
}

function parseRules(text: string): Rule[] {
  return text.split("\n").flatMap((line) => {
    const [pattern = "", ...owners] = (line.split("#")[0] ?? "").split(/\s+/).filter((word) => word !== "");
    if (pattern === "") return [];
    return [{ pattern: toPattern(pattern), owners: owners.map((owner) => owner.replace(/^@/, "")) }];
  });
}

/** As in `.gitignore`: a slash before its end ties it to the root, a folder means all that is in it. */
function toPattern(written: string): RegExp {
  const isRooted = written.slice(0, -1).includes("/");
  const isFolder = written.endsWith("/");
  const body = written
    .replace(/^\/|\/$/g, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/?|\*|\?/g, (glob) => (glob === "*" ? "[^/]*" : glob === "?" ? "[^/]" : ".*"));
  return new RegExp(`^${isRooted ? "" : "(?:.*/)?"}${body}${isFolder ? "/.*" : "(?:/.*)?"}$`);
}
