import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listOperations } from "./openapi/description.ts";
import { handlers } from "./rest/handlers.ts";
import { accessOf } from "./rest/permissions.ts";

test("the README lists exactly the operations that there are", async () => {
  const readme = await readFile(join(import.meta.dirname, "README.md"), "utf8");
  const [, section = ""] = /<!-- operations -->\n(.*)<!-- \/operations -->/s.exec(readme) ?? [];
  const listed = [...section.matchAll(/`([^`]+)`/g)].map(([, id]) => id);
  expect(listed).toEqual([...handlers.keys()].sort());
});

test("each operation is one of GitHub's, and says who may call it", () => {
  const described = new Set(listOperations().map(({ operation }) => operation.operationId));
  for (const id of handlers.keys()) expect([id, described.has(id)]).toEqual([id, true]);
  expect(Object.keys(accessOf).sort()).toEqual([...handlers.keys()].sort());
});
