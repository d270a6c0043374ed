import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ROOT = new URL("..", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
/** A row's last cell: the test's file, and its name. */
const PROOF = /`(test\/[\w./-]+\.test\.ts)`: ([^|]+) \|$/;

const rows = read("docs/events.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| event") && !line.startsWith("| what"));

it("each row of the table of events names a test that exists", () => {
  expect(rows.length).toBeGreaterThan(20);
  const missing = rows.filter((row) => {
    const [, file = "", name = ""] = PROOF.exec(row) ?? [];
    return file === "" || !read(file).includes(JSON.stringify(name.trim()).slice(1, -1));
  });
  expect(missing).toEqual([]);
});

it("each test of the states of a pull request stands in the table", () => {
  const document = read("docs/events.md");
  for (const file of readdirSync(new URL("test/pull-states/", ROOT))) {
    const names = [
      ...read(`test/pull-states/${file}`).matchAll(/^\s*(?:it\(|\] as const\)\(|\]\)\()"([^"]+)"/gm),
    ];
    expect(names.length).toBeGreaterThan(0);
    for (const [, name = ""] of names) expect(document).toContain(name);
  }
});
