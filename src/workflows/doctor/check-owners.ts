import { ownersOf } from "../../domain/code-owners.ts";
import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { type DoctorFinding, problem } from "./finding.ts";

/** An owner of a stack file has to review each scale, where the base branch requires it. */
export function checkOwners({ codeOwners, baseBranches, stacks }: DoctorFacts): DoctorFinding[] {
  const requiring = baseBranches.find(
    ({ rules, protection }) =>
      (rules.kind === "seen" && rules.value.some((rule) => rule.codeOwners === "required")) ||
      (protection.kind === "seen" && protection.value?.codeOwners === "required"),
  );
  if (codeOwners === null || requiring === undefined) return [];
  return stacks.flatMap(({ path }) => {
    const owners = ownersOf(codeOwners, path);
    if (owners.length === 0) return [];
    const message = `${requiring.branch} requires a review of its code owners (${owners.join(", ")}): each scale waits for one.`;
    const fix = `Add the line \`/${path}\` without an owner at the end of CODEOWNERS, or put the App on the bypass list.`;
    return [problem("code-owners", path, message, fix)];
  });
}
