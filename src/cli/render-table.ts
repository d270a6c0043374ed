import { stripVTControlCharacters } from "node:util";
import { styled } from "./styled.ts";

export type Cell = { text: string; tone?: "warning" | "failure" | "faint" };

const STYLES = { warning: "yellow", failure: "red", faint: "dim" } as const;

/**
 * A table for people: columns as wide as their widest cell, two spaces between them, the header in bold. Colours only where stdout
 * is a terminal that wants them. Text from outside cannot move the cursor.
 */
export function renderTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const clean = rows.map((row) => row.map((cell) => ({ ...cell, text: cleanCell(cell.text) })));
  const widths = header.map((title, index) =>
    Math.max(title.length, ...clean.map((row) => [...(row[index]?.text ?? "")].length)),
  );
  const pad = (text: string, index: number) =>
    index === header.length - 1 ? text : text + " ".repeat((widths[index] ?? 0) - [...text].length);
  const lines = clean.map((row) =>
    row.map(({ text, tone }, index) => {
      const padded = pad(text, index);
      return tone === undefined || text === "" ? padded : styled(STYLES[tone], padded);
    }),
  );
  const titles = header.map((title, index) => styled("bold", pad(title, index)));
  return [titles, ...lines].map((cells) => cells.join("  ").trimEnd()).join("\n");
}

function cleanCell(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
}
