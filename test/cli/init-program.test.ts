import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findContract } from "../../src/cli/init/find-contract.ts";
import { isStackName, listStackFiles, readProgram, stackFileOf } from "../../src/cli/init/read-program.ts";

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "init-program-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

it.each([
  ["nodejs", { "index.ts": "" }, "typescript", ""],
  ["nodejs", { "index.ts": "", "package.json": '{"type": "module"}' }, "typescript", ".js"],
  [
    "nodejs",
    { "index.ts": "", "tsconfig.json": '{"compilerOptions": {"allowImportingTsExtensions": true}}' },
    "typescript",
    ".ts",
  ],
  ["nodejs", { "index.js": "" }, "javascript-commonjs", ""],
  ["nodejs", { "index.js": "", "package.json": '{"type": "module"}' }, "javascript", ".js"],
  [
    "{name: nodejs, options: {typescript: false}}",
    { "index.js": "", "tsconfig.json": "{}" },
    "javascript-commonjs",
    "",
  ],
  ["bun", { "index.ts": "" }, "typescript", ""],
  ["{name: python, options: {virtualenv: venv}}", { "__main__.py": "" }, "python", ""],
  ["go", { "main.go": "" }, "go", ""],
  ["dotnet", { "App.csproj": "" }, "csharp", ""],
  ["dotnet", { "App.fsproj": "" }, null, ""],
  ["java", { "pom.xml": "" }, "java", ""],
  ["yaml", {}, "yaml", ""],
  ["hcl", {}, null, ""],
] as const)(
  "a program of runtime %s with %j is written in %s, imported with %j",
  async (runtime, files, language, importExtension) => {
    const folder = folderWith({ ...files, "Pulumi.yaml": `name: shop\nruntime: ${runtime}\n` });
    expect(await readProgram(folder)).toMatchObject({
      project: "shop",
      language,
      importExtension,
      mainDir: folder,
    });
  },
);

it.each([
  ["src", "src"],
  ["src/index.ts", "src"],
  ["./", ""],
  ["../..", ""],
  ["/etc", ""],
])("main: %s has its files in the folder %j, and never outside of the program", async (main, folder) => {
  const dir = folderWith({
    "Pulumi.yaml": `name: shop\nruntime: nodejs\nmain: ${main}\n`,
    "src/index.ts": "",
  });
  expect((await readProgram(dir)).mainDir).toBe(join(dir, folder));
});

it("knows Pulumi.yml, and finds the stack files beside it and in stackConfigDir", async () => {
  const dir = folderWith({
    "Pulumi.yml": "name: shop\nruntime: yaml\nstackConfigDir: config\n",
    "config/Pulumi.dev.yml": "",
    "config/Pulumi.prod.eu.yml": "",
    "config/Pulumi.other.yaml": "",
    "config/Pulumi.$(id).yml": "",
    "Pulumi.stray.yml": "",
  });
  const program = await readProgram(dir);
  expect(await listStackFiles(program)).toEqual(["dev", "prod.eu"]);
  expect(stackFileOf(program, "acme/shop/dev")).toBe(join(dir, "config/Pulumi.dev.yml"));
});

it.each(["runtime: yaml\n", "name: a b\nruntime: yaml\n", "name: shop\n", "name: [\n", "- shop\n"])(
  "refuses the project file %j",
  async (text) => {
    await expect(readProgram(folderWith({ "Pulumi.yaml": text }))).rejects.toMatchObject({ code: "program" });
  },
);

it.each([
  ["dev", true],
  ["acme/shop/prod.eu", true],
  ["-x", false],
  ["a/b/c/d", false],
  ["a//b", false],
  ["a\nb", false],
])("%j is a stack's name: %s", (text, expected) => expect(isStackName(text)).toBe(expected));

it("finds Java's main file with its package, and looks into no folder of others", async () => {
  const dir = folderWith({
    "Pulumi.yaml": "name: shop\nruntime: java\n",
    "app/src/main/java/myproject/App.java":
      "package myproject;\nclass App { void main() { Pulumi.run(ctx -> {}); } }\n",
    "target/Copy.java": 'ctx.export("pulumiscale", x);\n',
    "PulumiscaleContract.java": 'ctx.export("pulumiscale", x);\n',
  });
  expect(await findContract(await readProgram(dir), "PulumiscaleContract.java")).toEqual({
    exportedIn: null,
    javaMain: { folder: join(dir, "app/src/main/java/myproject"), package: "myproject" },
  });
});
