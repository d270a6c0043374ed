import { cleanLine } from "../domain/clean-text.ts";
import type { ScaleCommit } from "../domain/scale-commit.ts";
import { renderCode } from "./render-code.ts";
import type { ScaleWords } from "./scale-words.ts";

/** Who asked, and the alerts in the words in which they came, cleaned. Pools with the same words share a line. */
export function renderAsked(
  { scales, requestedBy }: ScaleCommit,
  words: ReadonlyMap<string, ScaleWords>,
): string {
  const poolsByText = new Map<string, string[]>();
  for (const { pool } of scales) {
    const asked = words.get(pool)?.asked ?? "";
    if (asked !== "") poolsByText.set(asked, [...(poolsByText.get(asked) ?? []), pool]);
  }
  const who = renderCode(cleanLine(requestedBy, 160));
  if (poolsByText.size === 0) return who === "" ? "" : `**Asked by** ${who}.`;
  const lines = [...poolsByText].map(
    ([asked, pools]) => `- ${pools.map((pool) => `\`${pool}\``).join(", ")}: ${asked}`,
  );
  return [who === "" ? "**Asked by**" : `**Asked by** ${who}:`, "", ...lines].join("\n");
}
