import { readDoctorFacts, readOwnPulls } from "../forge/github-doctor.ts";
import { planUninstall } from "../workflows/doctor/plan-uninstall.ts";
import { openDoctor } from "./doctor.ts";
import { printAnswer } from "./print-answer.ts";
import { renderTable } from "./render-table.ts";
import { UsageError } from "./usage-error.ts";

export type UninstallFlags = { dryRun?: boolean; json?: boolean };

/** `pulumiscale uninstall --dry-run`: lists what is to be undone on GitHub, in order. Undoes nothing: that is for people. */
export async function runUninstall(
  repository: string,
  flags: UninstallFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  if (!flags.dryRun)
    throw new UsageError("It only lists what to undo, and undoes nothing by itself. Give --dry-run.");
  const { clients, place, server } = await openDoctor(repository, environment);
  const facts = await readDoctorFacts(clients, place, server);
  const steps = planUninstall(facts, await readOwnPulls(clients, place));
  const rows = steps.map(({ what, how }, index) => [
    { text: String(index + 1) },
    { text: what },
    { text: how },
  ]);
  printAnswer(
    flags,
    { repository, steps },
    steps.length === 0 ? "There is nothing to undo." : renderTable(["", "what", "what to do"], rows),
  );
  return 0;
}
