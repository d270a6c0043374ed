import { Alias, defaultAlias } from "../domain/names.ts";
import type { DeployPlace, RepositoryPlace } from "./apply-forge.ts";
import type { ApplyRequest, EngineSettings } from "./apply-stack.ts";
import { CheckoutError, readCheckout } from "./checkout.ts";
import type { Trigger } from "./read-decision.ts";
import { realPace } from "./retry-concurrent.ts";

/** What the caller (the Action, or the command line) was told about one stack. */
export type DeployJob = {
  repository: RepositoryPlace;
  /** The Pulumi program's directory. */
  workDir: string;
  /** `stack`, `org/stack` or `org/project/stack`. */
  stackName: string;
  /** Null: `<project>.<stack>`. */
  alias: string | null;
  trigger: Trigger;
  runUrl: string | null;
  /** The backend, as `pulumi login` takes it; null: whichever the job is logged in to. */
  cloudUrl: string | null;
  environment: Readonly<Record<string, string | undefined>>;
  refresh: boolean;
  policyPacks: readonly string[];
  parallel: number | undefined;
  unexpectedChanges: EngineSettings["unexpectedChanges"];
};

/** Finds the stack in the work tree and in the repository. Throws `CheckoutError`. */
export async function prepareJob(
  job: DeployJob,
  watch: Pick<EngineSettings, "onLine" | "signal">,
): Promise<ApplyRequest> {
  const checkout = await readCheckout(job.workDir, job.stackName);
  const alias = Alias.safeParse(job.alias ?? defaultAlias(checkout.project, checkout.stack));
  if (!alias.success) {
    throw new CheckoutError(
      `The stack's alias cannot be a file of the ledger (${alias.error.issues[0]?.message}). Set alias to a name that can.`,
    );
  }
  const place: DeployPlace = {
    ...job.repository,
    alias: alias.data,
    dir: checkout.dir,
    stackFilePath: checkout.stackFilePath,
  };
  const backend = job.cloudUrl === null ? {} : { PULUMI_BACKEND_URL: job.cloudUrl };
  return {
    place,
    checkout,
    trigger: job.trigger,
    runUrl: job.runUrl,
    engine: {
      ...watch,
      stack: job.stackName,
      environment: { ...job.environment, ...backend },
      refresh: job.refresh,
      policyPacks: job.policyPacks,
      parallel: job.parallel,
      unexpectedChanges: job.unexpectedChanges,
      pace: realPace,
    },
  };
}
