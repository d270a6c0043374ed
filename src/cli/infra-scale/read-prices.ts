import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Prices } from "../../kubernetes/parse-prices.ts";
import { PRICES_PATH } from "../../kubernetes/prices-path.ts";

/** Reads the price table; null where there is none and none was named. Throws where it cannot be used. */
export async function readPrices(workDir: string, named: string | null): Promise<Prices | null> {
  const file = path.resolve(workDir, named ?? PRICES_PATH);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (named === null && isMissing) return null;
    throw new Error(
      `The prices in ${named ?? PRICES_PATH} cannot be read; expected a YAML file with prices.`,
      {
        cause: error,
      },
    );
  });
  if (text === null) return null;
  const { parsePrices } = await import("../../kubernetes/parse-prices.ts");
  const parsed = parsePrices(text);
  if (parsed.kind === "prices") return parsed.prices;
  throw new Error(
    `The prices in ${named ?? PRICES_PATH} cannot be used: ${parsed.message}. Expected currency: EUR, cpuHour and memoryGiBHour.`,
  );
}
