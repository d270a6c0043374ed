import type { Pool } from "../domain/contract.ts";
import type { Scale } from "../domain/scale-commit.ts";
import { renderCode } from "./render-code.ts";

/** A year's hours by twelve. */
const HOURS_A_MONTH = 730;

/**
 * What the moves cost or save in a month, as a sentence: the sum over the pools for each currency. Empty where no pool says what a
 * unit costs.
 */
export function renderCost(scales: readonly Scale[], pools: ReadonlyMap<string, Pool>): string {
  const sums = new Map<string, number>();
  let counted = 0;
  for (const { pool, from, to } of scales) {
    const cost = pools.get(pool)?.unitCost;
    const currency = cleanCurrency(cost?.currency ?? "");
    if (cost === undefined || currency === "") continue;
    counted += 1;
    sums.set(currency, (sums.get(currency) ?? 0) + (to - from) * cost.amount * HOURS_A_MONTH);
  }
  const amounts = [...sums].filter(([, sum]) => Number.isFinite(sum));
  if (amounts.length === 0) return "";
  const shown = amounts.map(([currency, sum]) => renderCode(`${formatAmount(sum)} ${currency}`)).join(", ");
  const rest = scales.length - counted;
  const others =
    rest === 0 ? "" : ` ${rest} of ${scales.length} pools say no \`unitCost\` and are not in it.`;
  return `**Cost:** ${shown} a month, by the contract's \`unitCost\` and ${HOURS_A_MONTH} hours.${others}`;
}

/** Letters and signs of currencies: `USD`, `€`, `US$`. The contract is the program's, and nothing else of it may get here. */
function cleanCurrency(text: string): string {
  const currency = text.replace(/[^\p{L}\p{Sc}]+/gu, "").slice(0, 8);
  return /^[a-z]{3}$/i.test(currency) ? currency.toUpperCase() : currency;
}

function formatAmount(sum: number): string {
  const sign = sum < 0 ? "−" : sum > 0 ? "+" : "";
  const size = Math.abs(sum);
  if (size >= 1e12) return `${sign}${size.toExponential(2)}`;
  if (size > 0 && size < 0.01) return `${sign}${size.toPrecision(2)}`;
  return `${sign}${size.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
