import type { PulumiCommand, Stack } from "@pulumi/pulumi/automation/index.js";
import { type EngineReport, parseEventLog } from "./engine-events.ts";
import { PulumiReadError, saysStackIsBusy } from "./pulumi-errors.ts";
import { type PulumiRun, type PulumiSettings, readWithPulumi, runPulumi } from "./pulumi-process.ts";

/** What one targeted `up` or `preview` works on. */
export type UpdateRequest = {
  /** As Pulumi takes it: `stack`, `org/stack` or `org/project/stack`. */
  stack: string;
  /** URNs, `*` and `**` allowed; all pools of one apply at once. */
  targets: readonly string[];
  targetDependents: boolean;
  refresh: boolean;
  policyPacks: readonly string[];
  /** How many resource operations run at once; Pulumi's own default where undefined. */
  parallel: number | undefined;
  /** A copy of the stack file to use instead of the stack's own. */
  configFile: string | undefined;
  /** Shown in Pulumi's update history. */
  message: string;
};

/** How an update or a preview ended: what the engine said, and its exit code and texts for when it said nothing. */
export type UpdateRun = { exitCode: number; report: EngineReport; stderr: string };

/**
 * Begins to load the Automation API: it takes a third of a second, so it is done while another process runs.
 * Its import stands here and nowhere else.
 */
export const loadAutomation = () => import("@pulumi/pulumi/automation/index.js");

/**
 * Runs one targeted `up` without a preview, as one process. What it did stands in the report, also when it failed:
 * with `--continue-on-error` the other targets were updated all the same. Throws the Automation API's
 * `ConcurrentUpdateError` where another update holds the stack, and `PulumiMissingError`.
 */
export async function updateTargets(request: UpdateRequest, settings: PulumiSettings): Promise<UpdateRun> {
  return runThroughAutomation(request, settings, async (stack) => {
    await stack.up({
      ...commonOptions(request),
      continueOnError: true,
    });
  });
}

/** Runs the standard `up` of the whole stack as one process, without a preview. Throws as `updateTargets` does. */
export async function updateAll(
  stack: string,
  message: string,
  settings: PulumiSettings,
): Promise<UpdateRun> {
  return runThroughAutomation({ stack }, settings, async (opened) => {
    await opened.up({ message, userAgent: "pulumiscale", suppressProgress: true });
  });
}

/** Runs one targeted `preview` as one process; nothing changes. Throws as `updateTargets` does. */
export async function previewTargets(request: UpdateRequest, settings: PulumiSettings): Promise<UpdateRun> {
  return runThroughAutomation(request, settings, async (stack) => {
    await stack.preview(commonOptions(request));
  });
}

/** Whether an error says that another update holds the stack, so that the same call may work a little later. */
export async function isConcurrentUpdate(error: unknown): Promise<boolean> {
  const { ConcurrentUpdateError } = await loadAutomation();
  return error instanceof ConcurrentUpdateError;
}

/**
 * Reads all outputs of the stack, secrets as `[secret]`. Throws `PulumiReadError` where the stack is not there.
 * A process of its own, and not `stack.outputs()`, which starts two and decrypts what nobody needs here.
 */
export async function readOutputs(stack: string, settings: PulumiSettings): Promise<Record<string, unknown>> {
  const run = await readWithPulumi(["stack", "output", "--json", "--stack", stack], settings);
  if (run.exitCode !== 0) {
    throw new PulumiReadError(
      `read the outputs of the stack ${stack}`,
      run.stderr,
      "Check the stack's name (stack-name, --stack), the backend (PULUMI_BACKEND_URL, cloud-url, or a `pulumi login` before) and its credentials.",
    );
  }
  const outputs: unknown = JSON.parse(run.stdout.trim() || "{}");
  return { ...(typeof outputs === "object" ? outputs : {}) };
}

function commonOptions(request: UpdateRequest) {
  return {
    target: [...request.targets],
    targetDependents: request.targetDependents,
    refresh: request.refresh,
    policyPacks: [...request.policyPacks],
    message: request.message,
    userAgent: "pulumiscale",
    suppressProgress: true,
    ...(request.parallel === undefined ? {} : { parallel: request.parallel }),
    ...(request.configFile === undefined ? {} : { configFile: request.configFile }),
  };
}

/**
 * The Automation API builds the command line and knows the errors; the processes are ours. Left alone, its `up()`
 * starts about six CLI processes (version, select, up, output twice, history), which takes twice as long as the bare
 * `pulumi up`, and it reads Pulumi's output from pipes. So it is handed a `PulumiCommand` whose `run` starts the one
 * process that does the work and answers the others with nothing, since their answers are not used here.
 */
async function runThroughAutomation(
  request: Pick<UpdateRequest, "stack">,
  settings: PulumiSettings,
  work: (stack: Stack) => Promise<void>,
): Promise<UpdateRun> {
  const automation = await loadAutomation();
  let finished: PulumiRun | undefined;
  const run = async (args: readonly string[]) => {
    if (args[0] !== "up" && args[0] !== "preview") {
      return { stdout: args.includes("history") ? "[]" : "{}", stderr: "", code: 0 };
    }
    finished = await runPulumi(args, settings, "with-events");
    if (finished.exitCode !== 0 && saysStackIsBusy(finished.stderr)) {
      throw new automation.ConcurrentUpdateError(finished.stderr);
    }
    return { stdout: finished.stdout, stderr: finished.stderr, code: 0 };
  };
  // The constructor is private and `run` is not in the types, though `LocalWorkspace` takes such an object.
  const pulumiCommand: PulumiCommand = Object.assign(
    Reflect.construct(automation.PulumiCommand, ["pulumi", VERSION_WITH_LOG_FILES]),
    { run },
  );
  const workspace = await automation.LocalWorkspace.create({ workDir: settings.workDir, pulumiCommand });
  await work(await automation.Stack.select(request.stack, workspace));
  if (finished === undefined) throw new Error("The Automation API ran no command, so nothing was updated.");
  return { exitCode: finished.exitCode, report: parseEventLog(finished.eventLog), stderr: finished.stderr };
}

/**
 * `preview()` always has an event log of its own. For this version it is a file, which is read here too; for a newer one
 * it would be a gRPC server in this process.
 */
const VERSION_WITH_LOG_FILES = "3.205.0";
