import { parseDeployWorkflow } from "../../domain/deploy-workflow.ts";
import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { scaleAlias } from "../../forge/forge.ts";
import { GUARD_CHECK } from "../../forge/guard-forge.ts";
import { ONBOARDING_BRANCH } from "../../forge/onboarding-forge.ts";
import { LEDGER_BRANCH } from "../../ledger/entry.ts";

export type UninstallStep = { what: string; how: string };

/** An open pull request, by the branch of this repository that it is of. */
export type OpenOwnPull = { number: number; branch: string };

/**
 * What is to be undone, in the order in which nothing breaks on the way: scaling stops first, what people need to merge goes before what
 * reports it, and the App goes last.
 */
export function planUninstall(facts: DoctorFacts, pulls: readonly OpenOwnPull[]): UninstallStep[] {
  const own = pulls.filter(({ branch }) => scaleAlias(branch) !== null || branch === ONBOARDING_BRANCH);
  const branches = facts.branches.filter(
    (branch) => scaleAlias(branch) !== null || branch === ONBOARDING_BRANCH,
  );
  const workflows = facts.workflows
    .flatMap(({ path, text }) => parseDeployWorkflow(path, text) ?? [])
    .filter(({ jobs }) => jobs.some(({ applies }) => applies));
  const guarded = facts.baseBranches.filter(({ rules, protection }) =>
    [
      ...(rules.kind === "seen" ? rules.value.flatMap(({ requiredChecks }) => requiredChecks) : []),
      ...(protection.kind === "seen" ? (protection.value?.requiredChecks ?? []) : []),
    ].some(({ context }) => context === GUARD_CHECK),
  );
  const app = facts.app.kind === "seen" ? facts.app.value : null;
  const isInstalled = facts.app.kind === "hidden" || app !== null;
  const rows: readonly (readonly [isThere: boolean, what: string, how: string])[] = [
    [
      isInstalled,
      "alerts",
      "Take the receivers and subscriptions that call the app out of Alertmanager and SNS.",
    ],
    [
      isInstalled && facts.ledger === "there",
      "scaling",
      "Set `paused: true` in .github/pulumiscale.yml and merge it: nothing is opened any more.",
    ],
    ...own.map(({ number, branch }) => [true, `pull request #${number}`, `Close it (${branch}).`] as const),
    ...branches.map((branch) => [true, `branch ${branch}`, "Delete it."] as const),
    ...guarded.map(({ branch }) => [true, `required check on ${branch}`, UNGUARD] as const),
    ...workflows.map(({ path }) => [true, path, UNAPPLY] as const),
    [
      isInstalled,
      `the App${app === null ? "" : ` ${app.slug}`}`,
      "Uninstall it, in the settings under GitHub Apps; then stop the server.",
    ],
    [
      facts.ledger === "there",
      `branch ${LEDGER_BRANCH}`,
      "Delete it, and the ruleset for it: the ledger. The history of the values stays in git.",
    ],
    [facts.repositoryFile !== null, ".github/pulumiscale.yml", "Delete it."],
    [
      facts.stacks.length > 0,
      "programs",
      `Take the stack output \`pulumiscale\` out, and run \`pulumi config rm pulumiscale:webhook-secret\` (${facts.stacks.map(({ alias }) => alias).join(", ")}).`,
    ],
  ];
  return rows.flatMap(([isThere, what, how]) => (isThere ? [{ what, how }] : []));
}

const UNGUARD = `Take ${GUARD_CHECK} out of the required checks, before the App goes: it would never come again, and nothing would merge.`;
const UNAPPLY = "Take the Action's steps out, and let the full `pulumi up` run without their `if`.";
