import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleAction, differingFiles } from "./bundle-action.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An entry outside the tree, which names its packages by their place. */
function writeEntry(source: string): string {
  const entry = path.join(folder, "entry.ts");
  writeFileSync(entry, source);
  return entry;
}

test("the bundle runs without packages and names no folder of this machine", async () => {
  const automation = path.join(root, "node_modules/@pulumi/pulumi/automation/index.js");
  const entry = writeEntry(`
    import { LocalWorkspace } from ${JSON.stringify(automation)};
    console.log(typeof LocalWorkspace.createOrSelectStack);`);
  const files = await bundleAction(entry, folder);
  for (const [name, contents] of files) {
    expect(Buffer.from(contents).includes(root)).toBe(false);
    expect(Buffer.from(contents).includes(folder)).toBe(false);
    writeFileSync(path.join(folder, name), contents);
  }
  writeFileSync(path.join(folder, "package.json"), `{ "type": "module" }`);
  const { stdout, stderr } = spawnSync(process.execPath, ["index.js"], { cwd: folder, encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["function\n", ""]);
});

test("a file that differs or is absent is named", async () => {
  const files = await bundleAction(writeEntry(`console.log("scale");`), folder);
  expect(differingFiles(folder, files)).toContain("index.js");
  for (const [name, contents] of files) writeFileSync(path.join(folder, name), contents);
  expect(differingFiles(folder, files)).toEqual([]);
  writeFileSync(path.join(folder, "index.js"), "");
  expect(differingFiles(folder, files)).toEqual(["index.js"]);
});
