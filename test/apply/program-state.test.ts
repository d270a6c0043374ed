import { describe, expect, it } from "vitest";
import { foldersToRead, type ProgramState } from "../../src/apply/apply-forge.ts";
import { isSameProgram } from "../../src/apply/program-state.ts";

const place = { dir: "deploy", stackFilePath: "deploy/config/Pulumi.prod.yaml" };
const locations = [{ project: "shop", configKey: "web" }];

function state(changes: { deploy?: object; config?: object; text?: string | null } = {}): ProgramState {
  const folder = (entries: object) => new Map<string, string>(Object.entries(entries));
  const { text = "config:\n  shop:web: 3\n" } = changes;
  return {
    folders: new Map([
      ["deploy", folder({ "index.ts": "a1", config: "c1", ...changes.deploy })],
      ["deploy/config", folder({ "Pulumi.prod.yaml": "p1", "defaults.json": "d1", ...changes.config })],
    ]),
    stackFile: text === null ? { kind: "missing" } : { kind: "text", text },
  };
}

describe("two commits have the same program", () => {
  it.each<[string, ProgramState | null, boolean]>([
    ["where nothing changed", state(), true],
    [
      "where only a pool's value changed",
      state({
        deploy: { config: "c2" },
        config: { "Pulumi.prod.yaml": "p2" },
        text: "config:\n  shop:web: 9\n",
      }),
      true,
    ],
    ["where another stack's file changed", state({ config: { "Pulumi.dev.yaml": "x" } }), true],
    ["not where another setting changed", state({ text: "config:\n  shop:web: 3\n  shop:size: 1\n" }), false],
    ["not where a file of the program changed", state({ deploy: { "index.ts": "a2" } }), false],
    ["not where a file beside the stack file changed", state({ config: { "defaults.json": "d2" } }), false],
    [
      "not where another project's file is in the program's folder",
      state({ deploy: { "Pulumi.yaml": "y" } }),
      false,
    ],
    ["not where the stack file went", state({ text: null }), false],
    ["not where a commit is gone", null, false],
  ])("%s", (_, other, same) => {
    expect(isSameProgram(state(), other, place, locations)).toBe(same);
    expect(isSameProgram(other, state(), place, locations)).toBe(same);
  });
});

it("the folders to read go from the program down to the stack file", () => {
  expect(foldersToRead(place)).toEqual(["deploy", "deploy/config"]);
  expect(foldersToRead({ dir: ".", stackFilePath: "a/b/Pulumi.prod.yaml" })).toEqual([".", "a", "a/b"]);
  expect(foldersToRead({ dir: "deploy", stackFilePath: "shared/Pulumi.prod.yaml" })).toEqual(["deploy"]);
  expect(foldersToRead({ dir: "deploy", stackFilePath: "deploy/Pulumi.prod.yaml" })).toEqual(["deploy"]);
});
