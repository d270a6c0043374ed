import { redactor } from "../../apply/redact.ts";
import { APPROVAL_LABEL } from "../../domain/labels.ts";
import { ForgeError } from "../../forge/forge.ts";
import { createJobClient } from "../../forge/github-apply-client.ts";
import { openPlanPull, type PlanPull } from "../../forge/github-plan-pull.ts";
import { renderPlanPull } from "../../kubernetes/render-plan-pull.ts";
import { formatTimeStamp } from "../../kubernetes/time-stamp.ts";
import type { MadePlan } from "./make-plan.ts";

/** Who the plan is brought to GitHub as, and where to. */
const CREDENTIALS = ["GH_OWNER", "GH_REPO", "GITHUB_TOKEN"] as const;

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
  const [owner = "", repo = "", token = ""] = CREDENTIALS.map((name) => environment[name]?.trim());
  const missing = CREDENTIALS.filter((name) => !environment[name]?.trim());
  if (missing.length > 0) {
    tell(
      `No pull request was opened, since ${missing.join(", ")} is not set. The plan: ${made.artifacts.planFile}`,
    );
    return null;
  }
  if (![owner, repo].every((name) => /^[\w.-]{1,100}$/.test(name)))
    throw new Error(
      "GH_OWNER and GH_REPO are no repository; expected its owner and its name, as acme and infra.",
    );
  const client = createJobClient(token, environment.GITHUB_API_URL || "https://api.github.com", tell);
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
