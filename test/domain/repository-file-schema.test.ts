import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { repositoryFileJsonSchema } from "../../src/domain/repository-file.ts";

const FILE = new URL("../../src/domain/repository-file.schema.json", import.meta.url);

it("ships the JSON Schema of the repository file as the code has it", () => {
  const schema = `${JSON.stringify(repositoryFileJsonSchema(), null, 2)}\n`;
  // UPDATE_SCHEMA=1 writes it anew after a change of the settings.
  if (process.env.UPDATE_SCHEMA === "1") writeFileSync(FILE, schema);
  expect(JSON.parse(readFileSync(FILE, "utf8"))).toEqual(JSON.parse(schema));
});
