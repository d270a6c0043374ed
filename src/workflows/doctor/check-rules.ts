import type { BranchFacts, BypassActor, DoctorFacts } from "../../domain/doctor-facts.ts";
import { policyOf } from "../../domain/repository-file.ts";
import { GUARD_CHECK } from "../../forge/guard-forge.ts";
import { fileOf } from "./check-settings.ts";
import { type DoctorFinding, good, problem, unknown, warning } from "./finding.ts";

const ADMIN = "Ask with the token of someone who administers the repository.";

/** What the base branches demand, and of whom. */
export function checkRules(facts: DoctorFacts): DoctorFinding[] {
  return facts.baseBranches.flatMap((branch) => [
    ...checkGuard(facts, branch),
    ...checkBypass(facts, branch),
    ...checkSignatures(facts, branch),
  ]);
}

/** The checks that a branch requires, of rulesets and of branch protection. */
function requiredOf({ rules, protection }: BranchFacts) {
  return [
    ...(rules.kind === "seen" ? rules.value.flatMap(({ requiredChecks }) => requiredChecks) : []),
    ...(protection.kind === "seen" ? (protection.value?.requiredChecks ?? []) : []),
  ];
}

function checkGuard({ app }: DoctorFacts, base: BranchFacts): DoctorFinding[] {
  const check = "guard";
  const subject = `${GUARD_CHECK} on ${base.branch}`;
  const guards = requiredOf(base).filter(({ context }) => context === GUARD_CHECK);
  const fix = `In a ruleset for ${base.branch}, require the status check ${GUARD_CHECK}, with the App as its source.`;
  if (guards.length === 0) {
    if (base.protection.kind === "hidden") return [unknown(check, subject, base.protection.why, ADMIN)];
    const message = "It is not required, so that people's edits get around the limits.";
    return [warning(check, subject, message, fix)];
  }
  const own = app.kind === "seen" ? app.value?.id : undefined;
  // Several may be required of that name: each has to be there, so ours is among them.
  if (guards.some(({ appId }) => appId !== null && (own === undefined || appId === own)))
    return [good(check, subject)];
  if (guards.every(({ appId }) => appId === null)) {
    const message = "Any source counts: everybody with write access can report a success of that name.";
    return [problem(check, subject, message, fix)];
  }
  const message = `It is expected from another App (${guards.map(({ appId }) => appId).join(", ")}), and never comes.`;
  return [problem(check, subject, message, fix)];
}

function checkBypass(facts: DoctorFacts, { branch, rules, protection }: BranchFacts): DoctorFinding[] {
  const appId = facts.app.kind === "seen" ? facts.app.value?.id : undefined;
  const file = fileOf(facts);
  const isDirect =
    facts.stacks.some(({ alias }) => policyOf(file, alias).delivery === "direct") ||
    file.defaults?.delivery === "direct";
  const ids = new Set(rules.kind === "seen" ? rules.value.map(({ rulesetId }) => rulesetId) : []);
  const found = facts.rulesets
    .filter(({ id }) => ids.has(id))
    .flatMap(({ id, name, bypass }): DoctorFinding[] => {
      const subject = `ruleset ${name} on ${branch}`;
      if (bypass.kind === "hidden") return [unknown("bypass", subject, bypass.why, ADMIN)];
      // Where the App is not known, it may be any of them.
      const isOwn = ({ kind, id: actor }: BypassActor) =>
        kind === "Integration" && (appId === undefined || actor === appId);
      const own = bypass.value.some((actor) => isOwn(actor) && actor.mode === "always");
      const others = bypass.value.filter((actor) => !isOwn(actor));
      const stops =
        rules.kind === "seen" &&
        rules.value.some((rule) => rule.rulesetId === id && STOPS_PUSHES.has(rule.type));
      const direct = isDirect && stops && !own;
      return [
        ...(direct
          ? [
              problem(
                "direct",
                subject,
                "`delivery: direct` pushes to the branch, and this ruleset refuses that.",
                "Put the App on its bypass list, for `always`, or take `delivery: direct` out.",
              ),
            ]
          : []),
        others.length === 0
          ? good("bypass", subject)
          : warning(
              "bypass",
              subject,
              `It lets by: ${others.map(({ kind }) => ACTORS[kind] ?? kind).join(", ")}. They get around the limits.`,
              "Take them off its bypass list.",
            ),
      ];
    });
  if (protection.kind !== "seen" || protection.value === null) return found;
  if (protection.value.admins === "free") {
    const fix = "Tick `Do not allow bypassing the above settings`.";
    found.push(warning("bypass", `protection of ${branch}`, "Administrators get around it.", fix));
  }
  return found;
}

const STOPS_PUSHES: ReadonlySet<string> = new Set([
  "pull_request",
  "required_status_checks",
  "update",
  "merge_queue",
]);
const ACTORS: Readonly<Record<string, string>> = {
  Integration: "another App",
  OrganizationAdmin: "the organization's owners",
  RepositoryRole: "everybody of a role",
  Team: "a team",
  User: "a person",
  DeployKey: "deploy keys",
};

function checkSignatures(facts: DoctorFacts, { branch, rules, protection }: BranchFacts): DoctorFinding[] {
  const isRequired =
    (rules.kind === "seen" && rules.value.some(({ type }) => type === "required_signatures")) ||
    (protection.kind === "seen" && protection.value?.signatures === "required");
  if (!isRequired) return [];
  const subject = `signed commits on ${branch}`;
  const file = fileOf(facts);
  const rebased = facts.stacks.filter(({ alias }) => policyOf(file, alias).mergeMethod === "rebase");
  if (rebased.length > 0) {
    const message = `They are required, and GitHub signs no rebased commit: ${rebased.map(({ alias }) => alias).join(", ")} never merges.`;
    return [problem("signatures", subject, message, "Take another mergeMethod than rebase.")];
  }
  if (facts.server === "github.com") return [good("signatures", subject)];
  const message = "They are required, and this server may not sign what an App commits.";
  return [warning("signatures", subject, message, "Have the site administrator set up web commit signing.")];
}
