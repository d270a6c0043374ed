import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { type Redact, redactor } from "../src/apply/redact.ts";

/** What the Action tells the runner, and through it people. Every text is redacted before it leaves. */
export type Report = {
  /** Takes a secret out of everything from now on, here and in the runner's own log. */
  hide: (secret: string) => void;
  redact: Redact;
  say: (level: "info" | "warning" | "error", sentence: string) => void;
  /** A line of Pulumi's own. */
  pulumi: (line: string) => void;
  setOutput: (name: string, value: unknown) => void;
  /** Markdown for the job's page. */
  summarize: (markdown: string) => void;
};

export type ReportTargets = {
  outputFile: string | null;
  summaryFile: string | null;
  print: (line: string) => void;
};

/**
 * Makes a report by the runner's workflow commands and files. Nothing but a few lines, so without a package:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function createReport(targets: ReportTargets): Report {
  const secrets = new Set<string>();
  let redact = redactor(secrets);
  const print = (line: string) => targets.print(redact(line));
  return {
    hide: (secret) => {
      // A mask is a line; a secret of several lines is masked line by line.
      for (const line of secret.split(/\r?\n/))
        if (line.trim().length > 3) targets.print(`::add-mask::${escapeData(line)}`);
      secrets.add(secret);
      redact = redactor(secrets);
    },
    redact: (text) => redact(text),
    say: (level, sentence) =>
      print(level === "info" ? plain(sentence) : `::${level}::${escapeData(sentence)}`),
    pulumi: (line) => print(plain(line)),
    setOutput: (name, value) => {
      const text = redact(typeof value === "string" ? value : JSON.stringify(value));
      if (targets.outputFile !== null) appendFileSync(targets.outputFile, formatOutput(name, text));
    },
    summarize: (markdown) => {
      if (targets.summaryFile !== null) appendFileSync(targets.summaryFile, `${redact(markdown)}\n`);
    },
  };
}

/** One output, in the form that takes several lines; the delimiter is random, so that no value can end it. */
function formatOutput(name: string, value: string): string {
  const delimiter = `pulumiscale_${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/**
 * A line from outside must not be a command to the runner. The newer ones begin with `::`; the older ones, `##[`, are
 * taken wherever they stand in a line. The runner's white space has U+0085, JavaScript's has not.
 *
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
function plain(line: string): string {
  return line.replace(/::(?<=^[\s\u0085]*::)/gm, "\u200b::").replaceAll("##[", "##\u200b[");
}
