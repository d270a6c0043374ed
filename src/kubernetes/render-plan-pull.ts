import { PLANS_FOLDER } from "./apply/plan-place.ts";
import type { ScalePlan } from "./scale-plan.ts";

/** A plan's way into the repository: its folder, its commit's words, its pull request's. */
export type PlanPullText = {
  title: string;
  body: string;
  commitBody: string;
  folder: string;
  /** The line by which a commit of this target's plans is known. */
  trailer: string;
};

export function renderPlanPull(plan: ScalePlan, summary: string): PlanPullText {
  const { createdAt, target } = plan.metadata;
  const trailer = `Infra-Scale-Target: ${target}`;
  return {
    title: `infra.scale: ${target} (${createdAt.slice(0, 10)})`,
    body: renderBody(plan, summary),
    commitBody: `A plan for the namespace ${plan.context.namespace}. SUMMARY.md says what it changes.\n\n${trailer}`,
    folder: `${PLANS_FOLDER}/${target}`,
    trailer,
  };
}

function renderBody({ metadata, context, assumptions }: ScalePlan, summary: string): string {
  return `# Infrastructure Scaling Plan

**Target**: ${metadata.target}
**Namespace**: ${context.namespace}
**Autoscaling**: ${assumptions.autoscaling}

## Summary

${cutSummary(summary.trimEnd())}

---

**Review checklist**:
- [ ] Verify replica counts match expected load
- [ ] Confirm HPA settings align with capacity
- [ ] Check resource requests/limits are appropriate
- [ ] Ensure rollback plan is clear
`;
}

/** GitHub takes 65,536 characters in all; whole lines of it stay. */
function cutSummary(summary: string): string {
  if (summary.length <= LONGEST_SUMMARY) return summary;
  const end = summary.lastIndexOf("\n", LONGEST_SUMMARY);
  return `${summary.slice(0, end)}\n\n… There is more than GitHub takes here: SUMMARY.md has all of it.`;
}

const LONGEST_SUMMARY = 60_000;
