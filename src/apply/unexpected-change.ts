import type { EngineReport, ResourceStep } from "./engine-events.ts";
import { isChange } from "./pool-verdict.ts";

/**
 * The steps that a scale would carry along from older, undeployed changes and that nobody expects of a scale: whatever
 * deletes, replaces or creates. An update in place of a target is what a scale is; its undeployed properties go along.
 */
export function findUnexpected(preview: EngineReport): ResourceStep[] {
  const steps = new Map(preview.planned.map((step) => [`${step.op} ${step.urn}`, step]));
  return [...steps.values()].filter(
    (step) => isChange(step.op) && step.op !== "update" && !isNewDefaultProvider(step),
  );
}

/**
 * The engine registers the default provider of every package that the program uses, targeted or not. It stands for no
 * resource of anybody's, so a new one is not what the refusal is about.
 */
function isNewDefaultProvider({ op, urn }: ResourceStep): boolean {
  return op === "create" && /::pulumi:providers:[^:]+::default(_[^:]*)?$/.test(urn);
}

/** What stops the apply, as a sentence with what to do. */
export function formatUnexpected(steps: readonly ResourceStep[]): string {
  const listed = steps.slice(0, 10).map(({ op, urn }) => `${op} \`${urn}\``);
  const more = steps.length > 10 ? ` and ${steps.length - 10} more` : "";
  return (
    `Older changes of this program are not deployed yet, and this scale would carry some of them along: ${listed.join(", ")}${more}. ` +
    "Nothing was applied. Run a full `pulumi up` and `publish`, or set `allow-unexpected` if this is wanted."
  );
}
