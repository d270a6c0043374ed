import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Home } from "./make-home.ts";

/**
 * Creates a stack whose file is the given text, byte for byte, and the lines of Pulumi's that hold the webhook secret: Pulumi
 * itself would write the whole file anew.
 */
export async function initStack(
  home: Home,
  stack: { workDir: string; name: string; file: string; text: string; secret: string | undefined },
): Promise<void> {
  const { workDir, name, file, text, secret } = stack;
  const pulumi = (...args: string[]) => home.run("pulumi", [...args, "--non-interactive"], workDir);
  await rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true });
  await pulumi("stack", "init", name);
  if (secret !== undefined) {
    await pulumi("config", "set", "--stack", name, "--secret", "pulumiscale:webhook-secret", secret);
  }
  await writeFile(file, addLinesOfPulumi(text, await readFile(file, "utf8")));
}

/** The text with the salt and the encrypted secret that stand in `written`, with the text's own line ends and indentation. */
function addLinesOfPulumi(text: string, written: string): string {
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const salt = /^encryptionsalt: \S+$/m.exec(written)?.[0];
  const secret = /^ +secure: (\S+)$/m.exec(written)?.[1];
  const config = /^config:\r?\n(?:[ \t]*#.*\n)*([ \t]+)/m.exec(text);
  if (salt === undefined || config === null) {
    throw new Error(`no salt in what Pulumi wrote, or no config in the text:\n${written}\n${text}`);
  }
  const salted = text.endsWith("\n") ? `${text}${salt}${lineEnd}` : `${text}${lineEnd}${salt}`;
  if (secret === undefined) return salted;
  const indent = config[1] ?? "";
  const lines = [`${indent}pulumiscale:webhook-secret:`, `${indent}${indent}secure: ${secret}`];
  return salted.replace(/^config:\r?\n/m, (line) => `${line}${lines.join(lineEnd)}${lineEnd}`);
}
