import { join, relative, sep } from "node:path";
import { type ActionManifest, readActionManifest } from "./action-manifest.ts";
import { checkOut } from "./check-out.ts";
import { evaluateText } from "./expression.ts";
import type { Frame, JobContext, PlannedStep, StepSession } from "./job-context.ts";
import { runScript } from "./run-script.ts";
import { createStepRun, runStep } from "./run-step.ts";
import type { Step } from "./workflow.ts";

/** What a step of a workflow or of a composite action does when its turn comes. */
export function planStep(step: Step): PlannedStep {
  const { run, uses } = step;
  const shared = {
    id: step.id ?? null,
    condition: step.if,
    continueOnError: step["continue-on-error"],
    timeoutMinutes: step["timeout-minutes"],
    env: step.env,
  };
  if (uses !== undefined) {
    return {
      ...shared,
      name: step.name ?? `Run ${uses}`,
      execute: (session) => runAction(session, step, uses),
    };
  }
  const script = run ?? "";
  const firstLine = script.trim().split("\n")[0] ?? "";
  return {
    ...shared,
    name: step.name ?? `Run ${firstLine}`,
    execute: (session) => runScript(session, step, script),
  };
}

async function runAction(session: StepSession, step: Step, uses: string): Promise<boolean> {
  const [name = ""] = uses.split("@");
  const given = Object.fromEntries(
    Object.entries(step.with).map(([input, value]) => [input, evaluateText(value, session.scope)]),
  );
  session.write(`##[group]Run ${uses}`);
  for (const [input, value] of Object.entries(given)) session.write(`  ${input}: ${value}`);
  session.write("##[endgroup]");
  if (name === "actions/checkout") return checkOut(session, given);
  if (name === "actions/setup-node") {
    session.write(`Node ${process.version} is what there is; nothing is set up.`);
    return true;
  }
  const folder = findAction(session.job, name);
  const manifest = await readActionManifest(folder);
  const inputs = resolveInputs(session, manifest, given);
  return manifest.runs.using === "composite"
    ? runComposite(session, folder, manifest, inputs)
    : runNodeAction(session, step, { uses, folder, manifest, inputs });
}

function findAction(job: JobContext, name: string): string {
  if (name.startsWith("./")) return join(job.workspace, name);
  const key = Object.keys(job.actions).find((prefix) => name === prefix || name.startsWith(`${prefix}/`));
  const folder = key === undefined ? undefined : job.actions[key];
  if (key === undefined || folder === undefined)
    throw new Error(`Unable to resolve action ${name}, repository not found`);
  return join(folder, relative(key, name).split(sep).join("/"));
}

/** The inputs that were given, and the defaults of the others. */
function resolveInputs(
  session: StepSession,
  manifest: ActionManifest,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const inputs: Record<string, string> = {};
  const known = new Map(Object.keys(manifest.inputs).map((name) => [name.toLowerCase(), name]));
  for (const [name, input] of Object.entries(manifest.inputs)) {
    if (input?.default !== undefined) inputs[name] = evaluateText(input.default, session.scope);
  }
  for (const [name, value] of Object.entries(given)) {
    const declared = known.get(name.toLowerCase());
    if (declared === undefined) {
      session.job.annotations.push({ level: "warning", message: `Unexpected input(s) '${name}'` });
      session.write(
        `##[warning]Unexpected input(s) '${name}', valid inputs are ${JSON.stringify([...known.values()])}`,
      );
    }
    inputs[declared ?? name] = value;
  }
  return inputs;
}

interface NodeAction {
  readonly uses: string;
  readonly folder: string;
  readonly manifest: ActionManifest;
  readonly inputs: Readonly<Record<string, string>>;
}

async function runNodeAction(session: StepSession, step: Step, action: NodeAction): Promise<boolean> {
  const { folder, manifest } = action;
  const { runs } = manifest;
  if (runs.using === "composite") throw new Error("a composite action has no script");
  const { job } = session;
  const [repository = "", ref = ""] = action.uses.split("@");
  const env = {
    ...formatInputs(action.inputs),
    ...(action.uses.startsWith("./") ? {} : { GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref }),
  };
  const start = async (
    running: StepSession,
    script: string,
    state: Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    const saved = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
    const exitCode = await running.run({
      file: process.execPath,
      args: [join(folder, script)],
      cwd: job.workspace,
      env: { ...env, ...saved },
    });
    return exitCode === 0;
  };
  // Like GitHub's, `pre` belongs to the set-up of the job; here it runs right before `main`.
  if (runs.pre !== undefined && !(await start(session, runs.pre, {}))) return false;
  const { post } = runs;
  if (post !== undefined) {
    job.posts.push({
      id: null,
      name: `Post ${step.name ?? `Run ${action.uses}`}`,
      condition: runs["post-if"],
      continueOnError: false,
      timeoutMinutes: undefined,
      env: step.env,
      execute: (running) => start(running, post, session.state),
    });
  }
  return start(session, runs.main, {});
}

/** `full-needed` becomes `INPUT_FULL-NEEDED`, as the toolkit's `getInput` expects. */
function formatInputs(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      value,
    ]),
  );
}

async function runComposite(
  session: StepSession,
  folder: string,
  manifest: ActionManifest,
  inputs: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { runs } = manifest;
  if (runs.using !== "composite") throw new Error("only a composite action has steps");
  const { job, frame } = session;
  const own: Frame = {
    env: { ...frame.env, ...session.ownEnv },
    inputs,
    steps: {},
    actionPath: folder,
    failed: false,
  };
  for (const step of runs.steps.map(planStep)) {
    const record = createStepRun(step);
    await runStep(job, own, step, record);
    for (const line of record.log.trimEnd().split("\n")) session.write(line);
  }
  const scope = { ...session.scope, contexts: { ...session.scope.contexts, inputs, steps: own.steps } };
  for (const [name, output] of Object.entries(manifest.outputs)) {
    session.outputs[name] = evaluateText(output.value ?? "", scope);
  }
  return !own.failed;
}
