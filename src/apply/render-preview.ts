import { renderText } from "./render-receipt.ts";

export type PreviewedPool = {
  pool: string;
  /** What the ledger has as applied; null where it has nothing, or cannot be read. */
  from: number | null;
  to: number;
  verdict: "changes" | "no-effect" | "failed" | "out-of-range";
  message: string;
};

const WORDS = {
  changes: "would be applied",
  "no-effect": "nothing would change",
  failed: "would fail",
  "out-of-range": "out of range",
} as const satisfies Record<PreviewedPool["verdict"], string>;

/** A stack has a handful; what has hundreds is told in part. */
const MOST_ROWS = 200;

/**
 * A preview as markdown, in blocks that each stand for themselves: the table of pools first, then what Pulumi said of those that
 * fail and of what would be carried along, in code that its text cannot end.
 */
export function renderPreview(pools: readonly PreviewedPool[], unexpected: string | null): string[] {
  if (pools.length === 0) return ["No pool's value differs from what is applied."];
  const rows = pools
    .slice(0, MOST_ROWS)
    .map(({ pool, from, to, verdict }) => `| ${pool} | ${from ?? "?"} → ${to} | ${WORDS[verdict]} |`);
  const more = pools.length - rows.length;
  const table = ["| pool | value | preview |", "|---|---|---|", ...rows].join("\n");
  const details = pools.flatMap(({ pool, message }) =>
    message === "" ? [] : [`**${pool}**\n\n${renderText(message)}`],
  );
  return [
    table,
    ...(more > 0 ? [`… and ${more} more.`] : []),
    ...details,
    ...(unexpected === null ? [] : [`**Not of this scale**\n\n${renderText(unexpected)}`]),
  ];
}
