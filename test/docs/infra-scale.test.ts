import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { FORMS } from "../../src/kubernetes/read-flags.ts";
import { INFRA_SCALE, makeFolder, readArtifacts, runProgram } from "../support/infra-scale-world.ts";

const page = readFileSync(new URL("../../docs/infra-scale.md", import.meta.url), "utf8");

/** The code blocks of the page, in order: how each is marked, and what is in it. */
const BLOCKS = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, mark = "", text = ""]) => ({
  mark,
  text,
}));

const SHOWN: readonly string[] = ["text output", "yaml plan", "markdown summary"];

/** Each command that is run, and the blocks that show what comes of it. */
const EXAMPLES = BLOCKS.flatMap((block, index) => {
  if (block.mark !== "sh run") return [];
  const after = BLOCKS.slice(index + 1);
  const end = after.findIndex(({ mark }) => !SHOWN.includes(mark));
  const shown = new Map(after.slice(0, end === -1 ? undefined : end).map(({ mark, text }) => [mark, text]));
  return [{ command: block.text, shown }];
});

async function run(command: string) {
  const cwd = await makeFolder();
  const bin = path.join(cwd, "infra.scale");
  await writeFile(bin, `#!/bin/sh\nexec '${process.execPath}' '${INFRA_SCALE}' "$@"\n`);
  await chmod(bin, 0o755);
  const PATH = [cwd, path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
  const ended = await runProgram(["/bin/sh", "-c", `exec 2>&1\n${command}`], cwd, { PATH });
  return { cwd, ended };
}

describe("docs/infra-scale.md", () => {
  it("shows commands that are run here", () => {
    expect(EXAMPLES.map(({ shown }) => [...shown.keys()])).toEqual([
      [...SHOWN],
      [],
      ["text output"],
      ["text output"],
    ]);
  });

  it.each(EXAMPLES)("shows what comes of $command", async ({ command, shown }) => {
    const { cwd, ended } = await run(command);
    const normal = (text: string) =>
      text.replaceAll(cwd, "<folder>").replace(/\d{4}(?:-\d\d){5}-\d{3}Z/g, "<time>");
    const output = shown.get("text output");
    expect(ended.code).toBe(output?.endsWith("failed\n") ? 1 : 0);
    if (output !== undefined) expect(`${normal(ended.lines.join("\n"))}\n`).toBe(output);
    if (!shown.has("yaml plan")) return;
    const { plan, summary } = await readArtifacts(cwd);
    expect(plan.replace(/createdAt: .*/, "createdAt: <createdAt>")).toBe(shown.get("yaml plan"));
    expect(summary).toBe(shown.get("markdown summary"));
  });

  it("has every argument in its table, in the form that a mistake tells", () => {
    const rows = page.match(/^\| `--[^`]*`/gm)?.map((row) => row.slice(3, -1).replaceAll("\\|", "|"));
    const forms = Object.entries(FORMS).map(([name, form]) => `${name}=${form}`);
    const shortened = forms.map((form) => (form.startsWith("--vpa") ? "--vpa=<name>:mode=<mode>,…" : form));
    expect(rows).toEqual(["--dry-run", "--apply", "--offline", "--strict", ...shortened]);
  });
});
