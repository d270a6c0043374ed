import { createTwoFilesPatch } from "diff";
import type { InitPlan, PlannedWrite } from "./plan-init.ts";
import { printable } from "./read-program.ts";

/** What `init` found and would write, each file in full or as a diff. What came from files is shown without control characters. */
export function renderPlan(plan: InitPlan): string {
  const { project, stack, present, problems, writes } = plan;
  const list = [
    ...present.map((sentence) => `  is there  ${printable(sentence)}`),
    ...problems.map((sentence) => `  problem   ${printable(sentence)}`),
    ...writes.map(
      ({ purpose, name, before }) =>
        `  ${before === null ? "new file" : "changed "}  ${printable(`${name}  (${purpose})`)}`,
    ),
  ];
  const missing = writes.length === 0 && problems.length === 0 ? ["Nothing is missing."] : [];
  return [
    `The project ${project}, the stack ${stack}:`,
    ...list,
    ...missing,
    ...writes.map(renderWrite),
  ].join("\n");
}

/** What is left to a person, one point each. */
export function renderNext({ next }: InitPlan): string {
  const points = [...new Set(next)].map((point) => `- ${point.split("\n").map(printable).join("\n  ")}`);
  return points.length === 0 ? "" : ["What is left to you:", ...points].join("\n");
}

/** A changed file as a unified diff, a new one as it will stand. */
export function renderChange({ name, before, after }: PlannedWrite): string {
  if (before === null) return after;
  const patch = createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 2 });
  return patch.slice(patch.indexOf("--- "));
}

function renderWrite(write: PlannedWrite): string {
  const lines = renderChange(write)
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", "    ")));
  return [
    "",
    `── ${write.before === null ? "new file" : "change of"} ${printable(write.name)}`,
    ...lines,
  ].join("\n");
}
