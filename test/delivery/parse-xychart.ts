/** What a chart in a pull request says. */
export type XyChart = { categories: string[]; min: number; max: number; values: number[] };

const NUMBERS = String.raw`-?\d{1,16}(?:, -?\d{1,16})*`;
const CHART = new RegExp(
  [
    String.raw`^%%\{init: \{"xyChart": \{"width": \d{3}, "height": \d{3}\}\}\}%%`,
    "xychart-beta",
    String.raw`  x-axis \[(\d{1,2}(?:, \d{1,2})*)\]`,
    String.raw`  y-axis (-?\d{1,16}) --> (-?\d{1,16})`,
    String.raw`  line \[(${NUMBERS})\]$`,
  ].join("\n"),
);

/**
 * Reads a chart by the part of mermaid's grammar that is used here, and by nothing more of it: numbers and fixed words. Throws for
 * any other text. The package that has the grammar itself brings a hundred others along.
 *
 * https://github.com/mermaid-js/mermaid/blob/develop/packages/mermaid/src/diagrams/xychart/parser/xychart.jison
 */
export function parseXyChart(text: string): XyChart {
  const found = CHART.exec(text);
  if (found === null) throw new Error(`This is no chart of ours:\n${text}`);
  const [, categories = "", min = "", max = "", values = ""] = found;
  return {
    categories: categories.split(", "),
    min: Number(min),
    max: Number(max),
    values: values.split(", ").map(Number),
  };
}
