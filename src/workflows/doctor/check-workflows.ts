import {
  type DeployJobFacts,
  type DeployWorkflow,
  parseDeployWorkflow,
} from "../../domain/deploy-workflow.ts";
import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { fileOf } from "./check-settings.ts";
import { type DoctorFinding, good, problem, unknown, warning } from "./finding.ts";

/** The workflow that applies what the app commits. */
export function checkWorkflows(facts: DoctorFacts): DoctorFinding[] {
  const workflows = facts.workflows.flatMap(({ path, text }) => parseDeployWorkflow(path, text) ?? []);
  const applying = workflows.flatMap((workflow) =>
    workflow.jobs.filter(({ applies }) => applies).map((job) => ({ workflow, job })),
  );
  if (applying.length === 0) {
    const message = "No workflow runs the Action's `apply`, so that nothing that is merged is applied.";
    const fix =
      "Add the deploy workflow of the README. If another workflow or another CI does it, all is well.";
    return [warning("workflow", "deploy workflow", message, fix), ...checkOthers(workflows, false)];
  }
  return [
    ...applying.flatMap(({ workflow, job }) => checkJob(facts, workflow, job)),
    ...checkDoubled(applying),
    ...checkOthers(workflows, true),
  ];
}

function checkJob(
  facts: DoctorFacts,
  { path, onPush }: DeployWorkflow,
  job: DeployJobFacts,
): DoctorFinding[] {
  const subject = `${path}, job ${job.name}`;
  const found: DoctorFinding[] = [];
  if (!onPush) {
    const message = "It does not run on a push, so that a scale waits for a schedule or a person.";
    found.push(warning("workflow", subject, message, "Add `push` to its `on`."));
  }
  if (job.concurrency === null) {
    const message = "It has no concurrency group: two runs at once stop at Pulumi's lock.";
    found.push(warning("concurrency", subject, message, "Give it `concurrency: { group: deploy-<stack> }`."));
  } else if (job.concurrency.cancels === "running") {
    const message = "`cancel-in-progress: true` kills an update in the middle.";
    found.push(problem("concurrency", subject, message, "Take it out."));
  }
  const needed = ["contents", "checks", ...(fileOf(facts).ledger === "trust-writers" ? [] : ["id-token"])];
  const lacking = needed.filter((name) => job.permissions?.[name] !== "write");
  if (lacking.length > 0 && (job.permissions !== null || lacking.includes("id-token"))) {
    const message = `Its token lacks ${lacking.map((name) => `${name}: write`).join(", ")}.`;
    found.push(problem("token", subject, message, "Add them to `permissions`."));
  }
  found.push(...checkEnvironment(facts, subject, job));
  return found.length === 0 ? [good("workflow", subject)] : found;
}

/** Two jobs that apply one stack, and that no common concurrency group keeps apart. */
function checkDoubled(
  applying: readonly { workflow: DeployWorkflow; job: DeployJobFacts }[],
): DoctorFinding[] {
  return applying.flatMap(({ workflow, job }, index) => {
    const other = applying
      .slice(0, index)
      .find(({ job: { appliedStack } }) => appliedStack !== null && appliedStack === job.appliedStack);
    const group = job.concurrency?.group ?? "";
    if (other === undefined || (group !== "" && group === other.job.concurrency?.group)) return [];
    const message = `It applies the stack that ${other.workflow.path}, job ${other.job.name}, applies too: on each push the two stop each other at Pulumi's lock.`;
    const fix = "Keep one of the two workflows.";
    return [problem("doubled", `${workflow.path}, job ${job.name}`, message, fix)];
  });
}

function checkEnvironment(
  { environments }: DoctorFacts,
  subject: string,
  { environment }: DeployJobFacts,
): DoctorFinding[] {
  if (environment === null) return [];
  if (environments.kind === "hidden")
    return [unknown("environment", subject, environments.why, "Ask with a token that may read Actions.")];
  const found = environments.value.find(({ name }) => name.toLowerCase() === environment.toLowerCase());
  if (found !== undefined && found.reviewers > 0) {
    const message = `Its environment ${environment} asks for a reviewer: each apply waits for a person.`;
    const fix =
      "Give the job of `apply` an environment without reviewers; `approval` in the contract holds large changes.";
    return [problem("environment", subject, message, fix)];
  }
  if (found === undefined || found.waitMinutes === 0) return [];
  const message = `Its environment ${environment} waits ${found.waitMinutes} minutes before each apply.`;
  return [warning("environment", subject, message, "Take its wait timer out.")];
}

function checkOthers(workflows: readonly DeployWorkflow[], hasApply: boolean): DoctorFinding[] {
  return workflows
    .filter(({ onPush }) => onPush)
    .flatMap(({ path, jobs }) =>
      jobs
        .filter(({ upsAlways }) => upsAlways)
        .map(({ name }) =>
          warning(
            "full-deploy",
            `${path}, job ${name}`,
            `It runs a full \`pulumi up\` on each push${hasApply ? ", beside the targeted one" : ""}: a scale then deploys everything that is pending.`,
            "Let it run only where `full-needed` of the Action's `apply` is true.",
          ),
        ),
    );
}
