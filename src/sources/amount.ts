import { z } from "zod";

/** The largest amount either way: nine digits, as scale commits carry them. */
const MAX_AMOUNT = 999_999_999;
const AMOUNT_TEXT = /^[+-]?\d{1,9}$/;

/** An amount in a JSON body. */
export const Amount = z.int().min(-MAX_AMOUNT).max(MAX_AMOUNT).transform(withoutNegativeZero);

/** An amount in the URL. `?delta=+2` arrives as ` 2`: a plus sign in a query means a space. */
export const AmountText = z
  .string()
  .trim()
  .regex(AMOUNT_TEXT, "not an integer of at most nine digits")
  .transform((text) => withoutNegativeZero(Number(text)));

/** Reads an amount from an annotation; undefined where it is no integer of at most nine digits. */
export function parseAmount(text: string): number | undefined {
  const trimmed = text.trim();
  return AMOUNT_TEXT.test(trimmed) ? withoutNegativeZero(Number(trimmed)) : undefined;
}

function withoutNegativeZero(amount: number): number {
  return amount === 0 ? 0 : amount;
}
