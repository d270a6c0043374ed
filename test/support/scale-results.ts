import type { ScaleResult } from "../../src/workflows/scaling.ts";

/** What a scaling route has answered. */
export async function resultsOf(response: Response): Promise<ScaleResult[]> {
  const { results }: { results: ScaleResult[] } = JSON.parse(await response.text());
  return results;
}

/** The reasons' codes of each result, joined. */
export function codes(results: readonly ScaleResult[]): string[] {
  return results.map(({ reasons }) => reasons.map(({ code }) => code).join());
}
