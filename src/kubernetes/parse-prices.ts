import { isMap } from "yaml";
import { z } from "zod";
import { findDuplicateKey, parseWithinStack, walkNodes } from "../domain/stack-document.ts";
import { PRICES_PATH } from "./prices-path.ts";

/** As YAML has it, or as text; exact to a billionth. */
const Price = z
  .union([z.number().min(0).max(1_000_000), z.string().regex(/^\d{1,7}(?:\.\d{1,9})?$/)])
  .transform((price) => (typeof price === "string" ? price : trimZeros(price.toFixed(9))));

// Strict: a mistyped price must not count as none.
const Schema = z.strictObject({
  /** As ISO 4217 has it. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** What one core costs in an hour. */
  cpuHour: Price,
  /** What a GiB of memory costs in an hour. */
  memoryGiBHour: Price,
});

/** What a cluster's resources cost. The prices are plain decimal numbers. */
export type Prices = z.infer<typeof Schema>;

export type ParsedPrices = { kind: "prices"; prices: Prices } | { kind: "bad"; message: string };

/** Reads a price table. Never throws; the message has no capital and no full stop. */
export function parsePrices(text: string): ParsedPrices {
  const bad = (message: string): ParsedPrices => ({ kind: "bad", message });
  if (text.length > LONGEST) return bad(`it is over ${LONGEST.toLocaleString("en")} characters long`);
  const document = parseWithinStack(text, { uniqueKeys: false });
  if (document === null) return bad("it is nested too deep");
  for (const { node } of walkNodes(document.contents)) {
    const twice = isMap(node) ? findDuplicateKey(node) : undefined;
    if (twice) return bad(`${String(twice.value)}: the key is given twice`);
  }
  const [error] = document.errors;
  if (error !== undefined) return bad(error.message);
  const parsed = Schema.safeParse(toPlain(() => document.toJS({ maxAliasCount: 0 })));
  if (parsed.success) return { kind: "prices", prices: parsed.data };
  const [issue] = parsed.error.issues;
  return bad(`${issue?.path.map(String).join(".") || "file"}: ${issue?.message ?? "unreadable"}`);
}

/** The JSON Schema of a price table, for editors. */
export function pricesJsonSchema(): object {
  return { title: PRICES_PATH, ...z.toJSONSchema(Schema, { io: "input" }) };
}

const LONGEST = 10_000;

function toPlain(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function trimZeros(decimal: string): string {
  return decimal.replace(/0{1,9}$/, "").replace(/\.$/, "");
}
