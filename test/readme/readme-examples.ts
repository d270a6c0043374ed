import { readFileSync } from "node:fs";

export type Example = { language: string; file: string | null; text: string };

/** The fenced blocks of the README, or of another page, with the file name that a block's first line gives. */
export function readmeExamples(page = "README.md"): Example[] {
  return [...readPage(page).matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", file, text = ""]) => ({
      language,
      file: file ?? null,
      text,
    }),
  );
}

/** The one example that stands for a file. */
export function readmeFile(name: string, page = "README.md"): string {
  const found = readmeExamples(page).find(({ file }) => file === name);
  if (found === undefined) throw new Error(`${page} has no example for ${name}`);
  return found.text;
}

/** The rows of the one table of a page whose first column is headed so, as the cells stand there. */
export function tableRows(page: string, heading: string): string[][] {
  const lines = readPage(page).split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (start === -1) throw new Error(`${page} has no table whose first column is ${heading}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end === -1 ? undefined : end).map((line) => line.slice(2, -2).split(" | "));
}

/** The text of a page, by its path from the repository's root. */
export function readPage(page: string): string {
  return readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
}
