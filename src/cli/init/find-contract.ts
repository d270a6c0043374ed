import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { findPair } from "../../domain/find-secret.ts";
import { parseStackDocument } from "../../domain/stack-document.ts";
import type { ExampleLanguage } from "./contract-dialects.ts";
import { fromProgram, type Program, readSmallFile } from "./read-program.ts";

/** A source file in which the program seems to export the contract; and, for Java, where its main file is. */
export type SourceFindings = {
  exportedIn: string | null;
  javaMain: { folder: string; package: string | null } | null;
};

/**
 * Looks through the program's own source files, at most 2,000 of them, for the output `pulumiscale`. Text alone is read: nothing
 * of the program is run. Files of ours do not count.
 */
export async function findContract(program: Program, ours: string): Promise<SourceFindings> {
  const findings: SourceFindings = { exportedIn: null, javaMain: null };
  const { language } = program;
  if (language === null) return findings;
  const extensions = EXTENSIONS[language];
  let left = 2_000;
  const open = [{ folder: program.dir, depth: 0 }];
  for (let next = open.shift(); next !== undefined && left > 0; next = open.shift()) {
    const { folder, depth } = next;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < 8 && !SKIPPED.test(entry.name))
        open.push({ folder: path, depth: depth + 1 });
      if (!entry.isFile() || entry.name === ours || !extensions.test(entry.name)) continue;
      left -= 1;
      const text = (await readSmallFile(path)) ?? "";
      if (findings.exportedIn === null && exportsContract(language, text))
        findings.exportedIn = fromProgram(program, path);
      if (language === "java" && findings.javaMain === null && /\bPulumi\s*\.\s*run\s*\(/.test(text)) {
        findings.javaMain = { folder, package: /^[ \t]*package[ \t]+([\w.]+)\s*;/m.exec(text)?.[1] ?? null };
      }
    }
  }
  return findings;
}

/** Whether a source text, its comments left out, names the output `pulumiscale`. */
export function exportsContract(language: ExampleLanguage, text: string): boolean {
  if (language === "yaml") {
    const document = parseStackDocument(text);
    if (document.kind === "refused") return false;
    return findPair(findPair(document.root, "outputs")?.value, "pulumiscale") !== undefined;
  }
  const code = text
    .split("\n")
    .filter((line) => !/^\s*(?:\/\/|#|\*|\/\*)/.test(line))
    .join("\n");
  return PATTERNS[language].test(code);
}

const SKIPPED = /^(?:\.|node_modules$|venv$|vendor$|bin$|obj$|target$|build$|dist$|__pycache__$)/;

const NODE =
  /\bexport\s+(?:const|let|var|function)\s+pulumiscale\b|\bexports\.pulumiscale\b|\bexport\s*\{[^}]*\bpulumiscale\b|^[ \t]*pulumiscale[ \t]*[,:]/m;

const PATTERNS: Readonly<Record<Exclude<ExampleLanguage, "yaml">, RegExp>> = {
  typescript: NODE,
  javascript: NODE,
  "javascript-commonjs": NODE,
  python: /\bexport\(\s*["']pulumiscale["']|\bpulumiscale_contract\s*\.\s*export\(/,
  go: /\.Export\(\s*["`]pulumiscale["`]|\bexportPulumiscale\(/,
  csharp: /\[\s*"pulumiscale"\s*\]|\bOutput\(\s*"pulumiscale"|\{\s*"pulumiscale"\s*,/,
  java: /\.export\(\s*"pulumiscale"/,
};

const NODE_FILES = /\.[cm]?[jt]sx?$/;
const EXTENSIONS: Readonly<Record<ExampleLanguage, RegExp>> = {
  typescript: NODE_FILES,
  javascript: NODE_FILES,
  "javascript-commonjs": NODE_FILES,
  python: /\.py$/,
  go: /\.go$/,
  csharp: /\.cs$/,
  java: /\.(?:java|kt|scala|groovy)$/,
  yaml: /^Pulumi\.ya?ml$|^Main\.ya?ml$/,
};
