import { z } from "zod";
import type {
  BranchFacts,
  BranchRule,
  BypassActor,
  ProtectionFacts,
  RulesetFacts,
} from "../domain/doctor-facts.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { DoctorRequest } from "./github-doctor-client.ts";
import { seeOr, statusOf } from "./github-doctor-seen.ts";

const Check = z.object({ context: z.string(), integration_id: z.int().nullish() });
const Rules = z.array(
  z.object({
    type: z.string(),
    ruleset_id: z.int().default(0),
    parameters: z
      .object({
        required_status_checks: z.array(Check).catch([]),
        require_code_owner_review: z.boolean().catch(false),
        required_approving_review_count: z.int().catch(0),
      })
      .optional(),
  }),
);
const Flag = z.object({ enabled: z.boolean() }).optional();
const Apps = z.object({ apps: z.array(z.object({ id: z.int() })).default([]) });
const Protection = z.object({
  required_status_checks: z
    .object({
      checks: z.array(z.object({ context: z.string(), app_id: z.int().nullish() })).default([]),
    })
    .nullish(),
  required_pull_request_reviews: z
    .object({
      require_code_owner_reviews: z.boolean().default(false),
      required_approving_review_count: z.int().default(0),
      bypass_pull_request_allowances: Apps.nullish(),
    })
    .nullish(),
  required_signatures: Flag,
  enforce_admins: Flag,
  restrictions: Apps.nullish(),
  lock_branch: Flag,
  allow_force_pushes: Flag,
  allow_deletions: Flag,
});
const Actor = z.object({
  actor_type: z.string(),
  actor_id: z.int().nullish(),
  bypass_mode: z.string().optional(),
});
const Ruleset = z.object({
  name: z.string(),
  bypass_actors: z.array(Actor).optional(),
});

/** What binds a branch: the rulesets' rules and branch protection. */
export async function readBranchRules(
  request: DoctorRequest,
  repository: RepositoryName,
  branch: string,
): Promise<BranchFacts> {
  const rules = await seeOr("the rules that bind it", async () => {
    const { data } = await request("GET /repos/{owner}/{repo}/rules/branches/{branch}", {
      ...repository,
      branch,
      per_page: 100,
    });
    return Rules.parse(data).map(toRule);
  });
  const protection = await seeOr("its branch protection", () => readProtection(request, repository, branch));
  return { branch, rules, protection };
}

function toRule({ type, ruleset_id, parameters }: z.infer<typeof Rules>[number]): BranchRule {
  const checks = parameters?.required_status_checks ?? [];
  return {
    type,
    rulesetId: ruleset_id,
    requiredChecks: checks.map(({ context, integration_id }) => ({ context, appId: integration_id ?? null })),
    codeOwners: parameters?.require_code_owner_review === true ? "required" : "free",
    approvals: parameters?.required_approving_review_count ?? 0,
  };
}

async function readProtection(
  request: DoctorRequest,
  repository: RepositoryName,
  branch: string,
): Promise<ProtectionFacts | null> {
  const path = { ...repository, branch };
  try {
    const { data } = await request("GET /repos/{owner}/{repo}/branches/{branch}/protection", path);
    const found = Protection.parse(data);
    const checks = found.required_status_checks?.checks ?? [];
    return {
      requiredChecks: checks.map(({ context, app_id }) => ({ context, appId: app_id ?? null })),
      asksPullRequest: found.required_pull_request_reviews != null,
      approvals: found.required_pull_request_reviews?.required_approving_review_count ?? 0,
      withoutPullRequest: idsOf(found.required_pull_request_reviews?.bypass_pull_request_allowances),
      pushers: found.restrictions == null ? null : idsOf(found.restrictions),
      lock: found.lock_branch?.enabled === true ? "locked" : "open",
      history:
        found.allow_force_pushes?.enabled === true || found.allow_deletions?.enabled === true
          ? "free"
          : "kept",
      codeOwners:
        found.required_pull_request_reviews?.require_code_owner_reviews === true ? "required" : "free",
      signatures: found.required_signatures?.enabled === true ? "required" : "free",
      admins: found.enforce_admins?.enabled === true ? "bound" : "free",
    };
  } catch (error) {
    if (error instanceof Error && statusOf(error) === 404 && error.message.startsWith("Branch not"))
      return null;
    throw error;
  }
}

function idsOf(listed: z.infer<typeof Apps> | null | undefined): number[] {
  return listed?.apps.map(({ id }) => id) ?? [];
}

/** The rulesets behind the rules, with whom they let by: only who may change a ruleset sees that. */
export async function readRulesets(
  request: DoctorRequest,
  repository: RepositoryName,
  ids: readonly number[],
): Promise<RulesetFacts[]> {
  const read = async (id: number): Promise<RulesetFacts> => {
    const seen = await seeOr("its bypass list", async () => {
      const { data } = await request("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", {
        ...repository,
        ruleset_id: id,
      });
      return Ruleset.parse(data);
    });
    if (seen.kind === "hidden") return { id, name: String(id), bypass: seen };
    const { name, bypass_actors } = seen.value;
    return bypass_actors === undefined
      ? { id, name, bypass: { kind: "hidden", why: "Who asks may not see its bypass list." } }
      : {
          id,
          name,
          bypass: {
            kind: "seen",
            value: bypass_actors.map(toActor),
          },
        };
  };
  return Promise.all(ids.map(read));
}

function toActor({ actor_type, actor_id, bypass_mode }: z.infer<typeof Actor>): BypassActor {
  const mode = bypass_mode === "pull_request" ? "pull_request" : "always";
  return { kind: actor_type, id: actor_id ?? null, mode };
}
