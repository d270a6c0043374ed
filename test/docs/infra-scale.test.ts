import { globSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FORMS } from "../../src/kubernetes/read-flags.ts";
import { INFRA_SCALE, makeFolder, readArtifacts, runProgram } from "../support/infra-scale-world.ts";

const page = readFileSync(new URL("../../docs/infra-scale.md", import.meta.url), "utf8");

/** The code blocks of the page, in order: how each is marked, and what is in it. */
const BLOCKS = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, mark = "", text = ""]) => ({
  mark,
  text,
}));

const SOURCES = ["src/kubernetes/**/*.ts", "src/cli/infra-scale/*.ts"];
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The codes of all findings that the sources make, each with its kind, sorted. */
function findCodes(): string[] {
  const codes = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).flatMap((file) => {
    const text = readFileSync(path.join(ROOT, file), "utf8");
    const found = [...text.matchAll(/kind: "(risk|note)",\s+code: ([^,]+),/g)];
    expect([file, found.length]).toEqual([file, text.match(/kind: "(?:risk|note)",/g)?.length ?? 0]);
    return found.flatMap(([, kind = "", code = ""]) =>
      [...code.matchAll(/"([a-z-]+)"/g)].map(([, literal]) => `${literal} ${kind}`),
    );
  });
  return [...new Set(codes)].sort();
}

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

  it("shows the way back by hand: the plan's own hints with their names, and a look at what came of them", () => {
    const [, back = ""] = page.split("\n## Taking it back\n");
    const hints = EXAMPLES[0]?.shown.get("yaml plan")?.match(/kubectl .*$/gm) ?? [];
    const named = hints.map((hint) => hint.replace("<name>", "web").replace("<namespace>", "assistant"));
    expect(/```sh\n([^`]*)```/.exec(back)?.[1]?.trim().split("\n")).toEqual([
      ...named,
      "kubectl get deployment web -n assistant",
      "kubectl get hpa web -n assistant",
    ]);
    expect(named).toEqual([
      "kubectl rollout undo deployment/web -n assistant",
      "kubectl apply -f previous-hpa.yaml",
    ]);
  });

  it("has every argument in its table, in the form that a mistake tells", () => {
    const rows = page.match(/^\| `--[^`]*`/gm)?.map((row) => row.slice(3, -1).replaceAll("\\|", "|"));
    const forms = Object.entries(FORMS).map(([name, form]) => `${name}=${form}`);
    const shortened = forms.map((form) => (form.startsWith("--vpa") ? "--vpa=<name>:mode=<mode>,…" : form));
    expect(rows).toEqual(["--dry-run", "--apply", "--offline", "--strict", ...shortened]);
  });

  it("has every code that a plan may be told in its tables, as a risk or as a note", () => {
    const tables = page.match(/^\| code \|[\s\S]*?\n\n/gm) ?? [];
    const cells = tables
      .flatMap((table) => table.split("\n").slice(2))
      .map((row) => row.split(" | ")[0] ?? "");
    const told = cells.flatMap((cell) =>
      [...cell.matchAll(/`([a-z-]+)`( \(a note\))?/g)].map(
        ([, code, note]) => `${code} ${note === undefined ? "risk" : "note"}`,
      ),
    );
    expect(told.sort()).toEqual(findCodes());
    expect(told.length).toBeGreaterThan(25);
  });
});
