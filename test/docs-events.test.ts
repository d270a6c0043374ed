import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ROOT = new URL("..", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
/** A row's last cell: the test's file, and its name. */
const PROOF = /`(test\/[\w./-]+\.test\.ts)`: ([^|]+) \|$/;
/** The tests each of which has a row: what people, GitHub and time do to what is open, and to a repository. */
const IN_THE_TABLE =
  /^test\/(?:pull-states\/.+|(?:lives|former|sweep|commands-approve|plan-pulls|strict)[\w-]*)\.test\.ts$/;
/** A test's name stands before its options or its function, also where `each` has gone before. */
const NAME = /(?:\bit\(|\)\()\s*"([^"]+)",\s*(?:async |\(|\{)/g;
const EACH_GROUP = /\bdescribe\.each\([^)]*\)\(\s*"/g;

const document = read("docs/events.md");
const rows = document
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| event") && !line.startsWith("| what"));
const proofs = rows.map((row) => PROOF.exec(row));

it("each row of the table of events names a test that exists", () => {
  expect(rows.length).toBeGreaterThan(20);
  const missing = rows.filter((_, index) => {
    const [, file = "", name = ""] = proofs[index] ?? [];
    return file === "" || !read(file).includes(JSON.stringify(name.trim()).slice(1, -1));
  });
  expect(missing).toEqual([]);
});

it("each test of what becomes of a pull request, and of a repository's life, stands in the table", () => {
  const files = [
    ...readdirSync(new URL("test/", ROOT)),
    ...readdirSync(new URL("test/pull-states/", ROOT)).map((name) => `pull-states/${name}`),
  ]
    .map((name) => `test/${name}`)
    .filter((file) => IN_THE_TABLE.test(file));
  const shown = new Set(proofs.map((proof) => `${proof?.[1]}: ${proof?.[2]}`));
  for (const file of files) {
    const names = [...read(file).replace(EACH_GROUP, "").matchAll(NAME)].map(([, name = ""]) => name);
    expect(names.length, file).toBeGreaterThan(0);
    // Where the cases are the names, the rows have those.
    const missing = names.filter((name) => name !== "%s" && !shown.has(`${file}: ${name}`));
    expect(missing, file).toEqual([]);
  }
});
