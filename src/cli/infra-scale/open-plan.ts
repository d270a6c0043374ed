import { redactor } from "../../apply/redact.ts";
import { APPROVAL_LABEL } from "../../domain/labels.ts";
import { ForgeError } from "../../forge/forge.ts";
import { createJobClient } from "../../forge/github-apply-client.ts";
import { openPlanPull, type PlanPull } from "../../forge/github-plan-pull.ts";
import { renderPlanPull } from "../../kubernetes/render-plan-pull.ts";
import { formatTimeStamp } from "../../kubernetes/time-stamp.ts";
import { readCredentials } from "./github-credentials.ts";
import type { MadePlan } from "./make-plan.ts";

/**
 * Opens the pull request of a plan, on `branch` or on one of its own. Answers where people find it; null without credentials, which
 * `tell` gets a sentence about.
 */
export async function openPlan(
  made: MadePlan,
  branch: string | null,
  environment: Readonly<Record<string, string | undefined>>,
  tell: (line: string) => void,
): Promise<string | null> {
  const credentials = readCredentials(environment);
  if (typeof credentials === "string") {
    tell(`No pull request was opened, since ${credentials}. The plan: ${made.artifacts.planFile}`);
    return null;
  }
  const { owner, repo, token, apiUrl } = credentials;
  const client = createJobClient(token, apiUrl, tell);
  try {
    return await openPlanPull(client, { owner, repo }, draftOf(made, branch));
  } catch (error) {
    throw new Error(redactor([token])(sentenceOf(error)), { cause: error });
  }
}

/** The forge's sentences end in what comes next, which is for whoever comes again by themselves: a run does not. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof ForgeError)) return error instanceof Error ? error.message : String(error);
  if (error.code === "forbidden" || error.code === "not-found") return error.message;
  const end = error.message.lastIndexOf("; it is ");
  return `${end === -1 ? error.message : error.message.slice(0, end)}. Run infra.scale again.`;
}

function draftOf({ plan, createdAtMs, planFile, summary }: MadePlan, branch: string | null): PlanPull {
  const { folder, ...text } = renderPlanPull(plan, summary);
  return {
    ...text,
    labels: [APPROVAL_LABEL],
    branch:
      branch === null
        ? { kind: "fresh", nameOf: (turn) => `infra/scale-${formatTimeStamp(createdAtMs + turn)}` }
        : { kind: "named", name: branch },
    files: [
      { path: `${folder}/plan.yaml`, text: planFile },
      { path: `${folder}/SUMMARY.md`, text: summary },
    ],
  };
}
