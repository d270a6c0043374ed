import { parseControls } from "../domain/controls.ts";
import { describeHold, pausesOf } from "../domain/hold-of.ts";
import { parseRepositoryFile } from "../domain/repository-file.ts";
import type { PlanSubject } from "../forge/plan-forge.ts";
import type { PlanContext } from "./read-plan.ts";

/**
 * Why no plan is merged now, as a sentence without a full stop; null where nothing is in its way. A plan may move workloads either way, so
 * a pause of the whole repository holds it in whichever direction.
 */
export function whyPlanHeld(
  { paused, clock }: Pick<PlanContext, "paused" | "clock">,
  { repositoryFile, controls }: PlanSubject,
): string | null {
  if (paused !== null) return paused;
  if (repositoryFile.kind === "unreadable")
    return `.github/pulumiscale.yml cannot be read: ${repositoryFile.message}`;
  const file = parseRepositoryFile(repositoryFile.kind === "text" ? repositoryFile.text : null);
  if (file.kind === "bad")
    return `.github/pulumiscale.yml cannot be used: ${file.path === "" ? "" : `${file.path}: `}${file.message}`;
  if (file.file.paused === true) return "`paused: true` in .github/pulumiscale.yml holds all scaling";
  const read = parseControls(controls, { kind: "repository" });
  if (read.kind === "unreadable") return read.message;
  const [pause] = pausesOf(read.holds, clock());
  return pause === undefined ? null : describeHold(pause);
}
