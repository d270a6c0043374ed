import { actorOf, appOf } from "../auth/caller.ts";
import { mayDo } from "../auth/permissions.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { renderBranchProtection, renderBranchRules } from "../render/branch-rules.ts";
import { renderRuleset, renderRulesetItem } from "../render/ruleset.ts";
import type { Protection } from "../repository/protection.ts";
import type { Repository } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const ruleOperations = {
  "repos/get-branch-rules": ({ repository, path }) =>
    list(renderBranchRules(repository, path.branch), (rule) => rule),

  "repos/get-repo-rulesets": ({ world, repository }) =>
    list(rulesetsOf(repository), ([branch, ruleset]) =>
      renderRulesetItem(world, repository, branch, ruleset),
    ),

  "repos/get-repo-ruleset": ({ world, repository, path, caller }) => {
    const found = rulesetsOf(repository).find(([, { id }]) => id === path.ruleset_id);
    if (found === undefined) throw notFound();
    const [branch, ruleset] = found;
    const mayWrite = mayDo(caller, repository, { anyOf: [["administration", "write"]], role: "admin" });
    const account = actorOf(world, caller);
    const hand = account === null ? null : { account, app: appOf(world, caller) };
    const reader = { hand, sees: mayWrite ? "bypass-actors" : "rules" } as const;
    return { status: 200, body: renderRuleset(world, repository, branch, ruleset, reader) };
  },

  "repos/get-branch-protection": ({ world, repository, path }) => {
    const protection = repository.protections.get(path.branch);
    if (protection?.kind !== "branch-protection") throw new GitHubError(404, "Branch not protected");
    return { status: 200, body: renderBranchProtection(world, repository, path.branch, protection) };
  },
} satisfies RestHandlers;

function rulesetsOf(repository: Repository): [branch: string, ruleset: Protection][] {
  return [...repository.protections].filter(([, { kind }]) => kind === "ruleset");
}
