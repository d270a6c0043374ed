import { z } from "zod";
import { PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, readWithPulumi } from "./pulumi-process.ts";

/** A stack of the program's project, as its backend lists it. */
export type BackendStack = { name: string; isSelected: boolean };

const Stacks = z.array(z.object({ name: z.string(), current: z.boolean().default(false) }));

/** The stacks that the backend has of the program in the directory. Throws `PulumiReadError` and `PulumiMissingError`. */
export async function listStacks(settings: Omit<PulumiSettings, "onLine">): Promise<BackendStack[]> {
  const run = await readWithPulumi(["stack", "ls", "--json"], settings);
  if (run.exitCode !== 0) {
    throw new PulumiReadError(
      "list the stacks",
      run.stderr,
      "Check the backend (PULUMI_BACKEND_URL, or a `pulumi login`) and its credentials.",
    );
  }
  return Stacks.parse(JSON.parse(run.stdout)).map(({ name, current }) => ({ name, isSelected: current }));
}
