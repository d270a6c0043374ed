import { readFileSync } from "node:fs";

export type Example = { language: string; file: string | null; text: string };

/** The fenced blocks of the README, with the file name that a block's first line gives. */
export function readmeExamples(): Example[] {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...readme.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", file, text = ""]) => ({
      language,
      file: file ?? null,
      text,
    }),
  );
}

/** The one example that stands for a file. */
export function readmeFile(name: string): string {
  const found = readmeExamples().find(({ file }) => file === name);
  if (found === undefined) throw new Error(`the README has no example for ${name}`);
  return found.text;
}
