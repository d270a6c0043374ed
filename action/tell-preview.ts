import type { DeployPlace, PreviewForge } from "../src/apply/apply-forge.ts";
import { renderPreviewComment } from "../src/apply/preview-comment.ts";
import { ForgeError, scaleAlias } from "../src/forge/forge.ts";
import type { Inputs } from "./inputs.ts";
import type { Report } from "./report.ts";

/**
 * Tells a preview on the stack's own scale pull request, in its one comment. The summary has it in any case, so what cannot be
 * written is a warning. A fork's pull request gets none: its branch may have any name.
 */
export async function tellPreview(
  { pull, job }: Pick<Inputs, "pull" | "job">,
  place: DeployPlace,
  blocks: readonly string[],
  { previews, report }: { previews: PreviewForge; report: Report },
): Promise<void> {
  if (pull === null || pull.origin === "fork" || scaleAlias(pull.branch) !== place.alias) return;
  const { owner, repo, alias } = place;
  const { headOid } = pull;
  const body = report.redact(renderPreviewComment(blocks, { alias, headOid, runUrl: job.runUrl }));
  try {
    const comment = { owner, repo, pullRequest: pull.number, alias, headOid, body };
    const outcome = await previews.writePreviewComment(comment);
    if (outcome === "superseded")
      report.say(
        "info",
        `Pull request #${pull.number} is closed or has a newer commit, so this preview is not told there.`,
      );
  } catch (error) {
    report.say("warning", refusal(pull.number, error));
  }
}

function refusal(number: number, error: unknown): string {
  const told = "The preview is on this run's page.";
  const isRight = error instanceof ForgeError && (error.code === "forbidden" || error.code === "not-found");
  if (isRight)
    return `The preview could not be written on pull request #${number}, since the job's token may not do that: give the job \`pull-requests: write\`. ${told}`;
  const why = error instanceof Error ? error.message : String(error);
  return `The preview could not be written on pull request #${number}: ${why} ${told}`;
}
