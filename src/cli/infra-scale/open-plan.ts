import { redactor } from "../../apply/redact.ts";
import { APPROVAL_LABEL } from "../../domain/labels.ts";
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
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(redactor([token])(message), { cause: error });
  }
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
