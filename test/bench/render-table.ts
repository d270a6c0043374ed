import { type Figure, meetsAim } from "./measurement.ts";

export type MeasuredFigure = Figure & { readonly measurement: string };

/** The figures as a table for people. */
export function renderTable(figures: readonly MeasuredFigure[]): string {
  const head = ["measurement", "figure", "value", "middle half", "against, or of what", "aim", ""];
  const rows = figures.map((figure, index) => [
    figures[index - 1]?.measurement === figure.measurement ? "" : figure.measurement,
    figure.name,
    formatValue(figure),
    formatSpread(figure),
    figure.against,
    formatAim(figure),
    { true: "met", false: "missed", null: "" }[`${meetsAim(figure)}`],
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function formatValue({ value, unit, aim }: Figure): string {
  // 1.254 is not shown as 1.25 where the aim is 1.25.
  if (unit === "ratio" && aim !== null && Number(value.toFixed(2)) === aim.value)
    return `${value.toFixed(3)} ×`;
  if (unit === "ratio") return `${formatNumber(value)} ×`;
  return `${value.toLocaleString("en")} ${unit}`;
}

function formatSpread({ spread }: Figure): string {
  if (spread === null) return "";
  const range = `${formatNumber(spread.low)} – ${formatNumber(spread.high)}`;
  return `${range} of ${spread.repetitions}`;
}

function formatAim({ aim, unit }: Figure): string {
  if (aim === null) return "";
  return `${aim.kind === "at-most" ? "≤" : "≥"} ${unit === "ratio" ? aim.value : aim.value.toLocaleString("en")}`;
}

/** Two digits after the point say enough, and small ratios keep two that count. */
function formatNumber(value: number): string {
  return value >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}
