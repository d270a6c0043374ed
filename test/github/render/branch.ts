import type { GitCommit } from "../git/parse-commit.ts";
import { findRules } from "../repository/protection.ts";
import type { Repository, World } from "../world.ts";
import { renderCommit } from "./commit.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";

/** The `short-branch` of lists. */
export function renderShortBranch(world: World, repository: Repository, name: string, oid: string) {
  return {
    name,
    commit: { sha: oid, url: `${repositoryUrl(world, repository)}/commits/${oid}` },
    protected: findRules(repository, name) !== undefined,
  };
}

/** The `branch-with-protection` of one branch by itself. */
export function renderBranch(world: World, repository: Repository, name: string, commit: GitCommit) {
  const protection = findRules(repository, name);
  const self = `${repositoryUrl(world, repository)}/branches/${name}`;
  const checks = (protection?.requiredChecks ?? []).map(({ context, appId }) => ({ context, app_id: appId }));
  return {
    name,
    commit: renderCommit(world, repository, commit),
    _links: { self, html: `${repositoryPage(world, repository)}/tree/${name}` },
    protected: protection !== undefined,
    protection: {
      enabled: protection !== undefined,
      required_status_checks: {
        enforcement_level:
          checks.length === 0 ? "off" : protection?.enforceAdmins ? "everyone" : "non_admins",
        contexts: checks.map(({ context }) => context),
        checks,
      },
    },
    protection_url: `${self}/protection`,
  };
}
