import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UsageError } from "../usage-error.ts";
import type { ExampleLanguage } from "./contract-dialects.ts";

/** A Pulumi program's directory. Names are such that they can stand in any file and in a shell. */
export type Program = {
  /** Absolute, no symbolic link in it. */
  dir: string;
  project: string;
  runtime: string;
  /** Null where there is no example in it: what is written is YAML, to be put into the program's own words. */
  language: ExampleLanguage | null;
  extension: "yaml" | "yml";
  /** Where the stack files are, absolute. */
  stackDir: string;
  /** Where the program's own files begin, absolute, inside of `dir`. */
  mainDir: string;
  /** Whether Node imports files with their extension. */
  importExtension: "" | ".js" | ".ts";
};

/** The directory is no Pulumi program that can be worked with. The sentence says why; control characters are taken out. */
export class ProgramError extends Error {
  readonly code = "program";
  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
    this.name = "ProgramError";
  }
}

const NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/;

const ProjectFile = z.object({
  name: z.string().regex(NAME),
  runtime: z.union([
    z.string(),
    z.object({ name: z.string(), options: z.object({ typescript: z.unknown() }).partial().nullish() }),
  ]),
  main: z.string().optional(),
  stackConfigDir: z.string().optional(),
});

/** Reads `Pulumi.yaml` or `Pulumi.yml` and finds out what is written in which language. Throws `ProgramError`. */
export async function readProgram(given: string): Promise<Program> {
  const dir = await realpath(given).catch(() => {
    throw new UsageError(`There is no directory ${printable(given)}. Correct --dir.`);
  });
  for (const extension of ["yaml", "yml"] as const) {
    const path = join(dir, `Pulumi.${extension}`);
    const text = await readSmallFile(path);
    if (text === null) continue;
    const project = parseProject(path, text);
    const runtime = typeof project.runtime === "string" ? project.runtime : project.runtime.name;
    const options = typeof project.runtime === "string" ? undefined : project.runtime.options;
    const main = resolve(dir, project.main ?? ".");
    const mainIsFile = await stat(main).then(
      (found) => found.isFile(),
      () => extname(main) !== "",
    );
    const start = mainIsFile ? dirname(main) : main;
    const mainDir = start === dir || start.startsWith(dir + sep) ? start : dir;
    return {
      dir,
      project: project.name,
      runtime,
      extension,
      stackDir: join(dir, project.stackConfigDir ?? "."),
      mainDir,
      ...(await detectLanguage(runtime, options?.typescript !== false, dir, mainDir)),
    };
  }
  throw new UsageError(
    `There is no Pulumi.yaml in ${printable(dir)}. Run it in a Pulumi program's directory, or name one with --dir.`,
  );
}

/** The stacks that have a file, by name. What is no name of a stack is left out. */
export async function listStackFiles({ stackDir, extension }: Program): Promise<string[]> {
  const names = await readdir(stackDir).catch(() => []);
  return names
    .filter((name) => name.startsWith("Pulumi.") && name.endsWith(`.${extension}`))
    .map((name) => name.slice("Pulumi.".length, -extension.length - 1))
    .filter((name) => NAME.test(name))
    .sort();
}

/** The stack file, absolute. `stack` may have an organization and a project before its name. */
export function stackFileOf(program: Program, stack: string): string {
  return join(program.stackDir, `Pulumi.${stack.split("/").at(-1)}.${program.extension}`);
}

/** Whether a text is `stack`, `org/stack` or `org/project/stack`. */
export function isStackName(text: string): boolean {
  const parts = text.split("/");
  return parts.length <= 3 && parts.every((part) => NAME.test(part));
}

/** A path or a name from outside, for a terminal: control characters and what turns text around are shown as `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
}

/** The text of a file of under a megabyte; null where there is none. */
export async function readSmallFile(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() && found.size < 1_000_000 ? await readFile(path, "utf8").catch(() => null) : null;
}

/** The path from the program's directory, with slashes. */
export function fromProgram({ dir }: Pick<Program, "dir">, path: string): string {
  return relative(dir, path).split(sep).join("/");
}

function parseProject(path: string, text: string): z.infer<typeof ProjectFile> {
  try {
    return ProjectFile.parse(parse(text, { maxAliasCount: 50 }));
  } catch (cause) {
    throw new ProgramError(
      `${path} is no Pulumi project file with a name (letters, digits, -, _ and .) and a runtime. Correct it.`,
      { cause },
    );
  }
}

async function detectLanguage(
  runtime: string,
  mayBeTypeScript: boolean,
  dir: string,
  mainDir: string,
): Promise<Pick<Program, "language" | "importExtension">> {
  const names = [...(await readdir(mainDir).catch(() => [])), ...(await readdir(dir).catch(() => []))];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (runtime === "nodejs" || runtime === "bun") {
    const isTypeScript = mayBeTypeScript && has(/\.[cm]?ts$|^tsconfig\.json$/);
    const isModule = /"type"\s*:\s*"module"/.test((await readSmallFile(join(dir, "package.json"))) ?? "");
    const tsconfig = (await readSmallFile(join(dir, "tsconfig.json"))) ?? "";
    const withTs = /"allowImportingTsExtensions"\s*:\s*true/.test(tsconfig);
    const importExtension = isTypeScript && withTs ? ".ts" : isModule ? ".js" : "";
    const language = isTypeScript ? "typescript" : isModule ? "javascript" : "javascript-commonjs";
    return { language, importExtension };
  }
  const language = {
    python: "python",
    go: "go",
    java: "java",
    yaml: "yaml",
    dotnet: has(/\.(?:fs|vb)proj$/) ? null : "csharp",
  } as const satisfies Record<string, ExampleLanguage | null>;
  const known = Object.entries(language).find(([name]) => name === runtime)?.[1] ?? null;
  return { language: known, importExtension: "" };
}
