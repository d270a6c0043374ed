import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  MAX_COMMANDS,
  MAX_COMMENT_LENGTH,
  MAX_LINE_LENGTH,
  parseCommands,
} from "../../src/domain/command.ts";
import { mayCommand } from "../../src/domain/command-rights.ts";
import { COMMANDS } from "../../src/domain/command-table.ts";
import { MAX_HOLD_DAYS } from "../../src/domain/command-time.ts";
import { renderCommandTable, renderHelp } from "../../src/domain/render-help.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";

const FILE = new URL("../../docs/commands.md", import.meta.url);
const NOW = Date.parse("2029-12-01T12:00:00Z");

const MISTAKES = [
  "/scale stauts web",
  "/scale 10 web",
  "/scale web −1",
  "/scale status 3",
  "/scale pause for 2h",
  "/scale pause all for 2 hours",
  "/scale pause all deploying for 2h",
  "/scale pin web +2",
];

const examples = ["```text", ...COMMANDS.flatMap((it) => it.examples), "```"];
const mistakes = [
  "| written | answer |",
  "|---|---|",
  ...MISTAKES.map((it) => `| \`${it}\` | ${answerTo(it)} |`),
];

function answerTo(line: string): string {
  const [found] = parseCommands(line, NOW);
  return found?.kind === "mistake" ? found.message.replaceAll("|", "\\|") : "";
}

/** The page with the parts that are made from the code as the code has them now. */
function brought(page: string): string {
  return page
    .replace(/^\| command \|.*\n(?:\|.*\n)*/m, () => `${renderCommandTable().join("\n")}\n`)
    .replace(/^\| written \|.*\n(?:\|.*\n)*/m, () => `${mistakes.join("\n")}\n`)
    .replace(/^```text\n[^`]*```$/m, () => examples.join("\n"));
}

describe("docs/commands.md", () => {
  const page = readFileSync(FILE, "utf8");

  it("has the tables and examples as the code has them", () => {
    // UPDATE_DOCS=1 writes them anew after a change of the commands.
    if (process.env.UPDATE_DOCS === "1") writeFileSync(FILE, brought(page));
    const now = readFileSync(FILE, "utf8");
    expect(now).toBe(brought(now));
    for (const part of [renderCommandTable(), mistakes, examples]) expect(now).toContain(part.join("\n"));
    expect(mistakes.join()).not.toContain("|  |");
  });

  it("shows nothing but commands that are understood, beside the table of mistakes", () => {
    const told = page.split("\n").filter((line) => !line.startsWith("| "));
    const shown = told.flatMap((line) =>
      [...line.matchAll(/`(\/scale[^`]*)`/g)].map(([, text = ""]) => text),
    );
    expect(shown.length).toBeGreaterThan(5);
    const meant = shown.filter((line) => line !== "/scale pause all 2h");
    for (const line of meant)
      expect([line, parseCommands(line, NOW)]).toMatchObject([line, [{ kind: "command" }]]);
    expect(parseCommands("/scale pause all 2h", NOW)).toMatchObject([{ kind: "mistake" }]);
  });

  it("tells the limits that there are", () => {
    const text = page.replace(/\s+/g, " ");
    const length = MAX_COMMENT_LENGTH.toLocaleString("en");
    expect(text).toContain(
      `at most ${MAX_COMMANDS} commands and ${length} characters, a line at most ${MAX_LINE_LENGTH}`,
    );
    expect(text).toContain(`from one minute to ${MAX_HOLD_DAYS} days`);
  });

  it("shows rules that hold as it says", () => {
    const yaml = /^```yaml file=\.github\/pulumiscale\.yml\n([^`]*)```$/m.exec(page)?.[1] ?? "";
    const parsed = parseRepositoryFile(yaml);
    if (parsed.kind === "bad") throw new Error(parsed.message);
    const may = (login: string, team: string, to: number, alias = "shop.prod") => {
      const actor = { login, permission: "write", teams: [team] } as const;
      const [scale] = parseCommands("/scale web 1", NOW);
      if (scale?.kind !== "command") throw new Error("no command");
      return mayCommand(actor, scale.command, { alias, change: { from: 4, to } }, parsed.file.commands).kind;
    };
    expect(may("bob", "platform", 9, "blog.prod")).toBe("allowed");
    expect(may("bob", "web", 5)).toBe("refused");
    expect(may("jane", "web", 6)).toBe("allowed");
    expect(may("jane", "web", 7)).toBe("refused");
    expect(may("jane", "web", 5, "blog.prod")).toBe("refused");
  });
});

describe("the help reply", () => {
  it("has every command, and no line that is one itself", () => {
    const help = renderHelp();
    for (const { usage, meaning } of COMMANDS) {
      expect(help.replaceAll("\\|", "|")).toContain(`| \`${usage}\` | ${meaning} |`);
    }
    expect(parseCommands(help, NOW)).toEqual([]);
    // Each row has two cells: what is in a usage splits none.
    for (const row of renderCommandTable()) expect(row.replaceAll("\\|", "").split("|")).toHaveLength(4);
  });
});
