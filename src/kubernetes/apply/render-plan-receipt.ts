import type { PlanReceipt } from "./plan-receipt.ts";

/** One line for people: `prod: applied (3 actions)`. */
export function renderReceiptTitle({ plan, outcome, actions }: PlanReceipt): string {
  return `${plan.target}: ${outcome} (${actions.length} ${actions.length === 1 ? "action" : "actions"})`;
}

/** A receipt as markdown. Texts in it are of a cluster, and stand as code. */
export function renderReceiptMarkdown(receipt: PlanReceipt): string {
  const { message, actions, rollbackHints } = receipt;
  const rows = actions.map(
    ({ action, subject, namespace, outcome }) =>
      `| ${code(subject)} | ${code(namespace)} | ${action} | ${outcome} |`,
  );
  return [
    `### infra.scale ${renderReceiptTitle(receipt)}`,
    ...(message === "" ? [] : [code(message)]),
    ["| what | namespace | action | outcome |", "|---|---|---|---|", ...rows].join("\n"),
    ...(rollbackHints.length === 0
      ? []
      : [`Taking it back:\n\n${rollbackHints.map((hint) => `    ${oneLine(hint)}`).join("\n")}`]),
  ].join("\n\n");
}

function code(text: string): string {
  return `\`${oneLine(text).replaceAll("`", "'").replaceAll("|", "¦")}\``;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
