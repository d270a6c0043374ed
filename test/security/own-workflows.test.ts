import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const own = globSync(".github/workflows/*.{yml,yaml}", { cwd: root });
/** The workflows that the README and the documents tell people to copy. */
const shown = ["README.md", ...globSync("docs/*.md", { cwd: root })].flatMap((file) =>
  [...read(file).matchAll(/```yaml[^\n]*file=(\S*\.github\/workflows\/\S+)\n([\s\S]*?)```/g)].map(
    ([, name = "", text = ""]) => [`${file}: ${name}`, text] as const,
  ),
);
const all = [...own.map((file) => [file, read(file)] as const), ...shown];

const Step = z.looseObject({ uses: z.string().optional(), run: z.string().optional() });
const Workflow = z.looseObject({
  on: z.unknown(),
  permissions: z.unknown(),
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(Step).default([]), permissions: z.unknown().optional() }),
  ),
});
const stepsOf = (text: string) =>
  Object.values(Workflow.parse(parse(text)).jobs).flatMap(({ steps }) => steps);

/** What a stranger can write: titles, bodies, branch names, commit messages, inputs. */
const UNTRUSTED = /\$\{\{[^}]*\b(?:github\.(?:event|head_ref|ref_name|actor)|inputs|steps\.[\w-]+\.outputs)/;

describe("workflows", () => {
  test("there are some of our own and some that are shown", () => {
    expect(own.length).toBeGreaterThan(0);
    expect(shown.length).toBeGreaterThan(0);
  });

  test("moved tags: our own name every action by its full commit", () => {
    for (const file of own) {
      for (const { uses } of stepsOf(read(file)))
        if (uses !== undefined && !uses.startsWith("./"))
          expect([file, uses]).toEqual([file, expect.stringMatching(/@[0-9a-f]{40}$/)]);
    }
  });

  test.each(all)(
    "%s: no pull_request_target, no text of strangers in run:, few permissions",
    (_file, text) => {
      const workflow = Workflow.parse(parse(text));
      expect(JSON.stringify(workflow.on)).not.toMatch(/pull_request_target|workflow_run|issue_comment/);
      for (const { run = "" } of stepsOf(text)) expect(run).not.toMatch(UNTRUSTED);
      const permissions = z.record(z.string(), z.enum(["read", "write", "none"])).parse(workflow.permissions);
      const writes = Object.entries(permissions)
        .filter(([, level]) => level === "write")
        .map(([name]) => name);
      expect(["contents", "checks", "id-token", "pull-requests"]).toEqual(expect.arrayContaining(writes));
    },
  );

  test("our own may write nothing", () => {
    for (const file of own)
      expect(Workflow.parse(parse(read(file))).permissions).toEqual({ contents: "read" });
  });

  test("the Action runs no shell: there is no run: that a text could be put into", () => {
    expect(parse(read("action/action.yml")).runs).toMatchObject({ using: "node24", main: "dist/index.js" });
    expect(read("action/action.yml")).not.toMatch(/\brun:|pull_request_target/);
  });

  test(`\${{ }} in run: is found where it stands`, () => {
    for (const text of [
      `echo \${{ github.event.pull_request.title }}`,
      `x \${{ inputs.a }}`,
      `\${{ github.head_ref }}`,
    ])
      expect(text).toMatch(UNTRUSTED);
    expect(`echo \${{ github.sha }} \${{ secrets.X }}`).not.toMatch(UNTRUSTED);
  });
});
