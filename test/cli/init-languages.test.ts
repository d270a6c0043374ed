import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ExampleLanguage } from "../../src/cli/init/contract-dialects.ts";
import { formatContractExample } from "../../src/cli/init/contract-example.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { ensureJavaPackages, ensurePythonPackages } from "../setup/language-packages.ts";
import { requireProgram } from "../setup/require-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const POOL = { name: "worker-pool", configKey: "workerCount", min: 1, max: 10 };
const OPTIONAL = ["scaleInCooldown", "step", "targetDependents", "approval", "unitCost", "aliases"];

/** The example as it is written, or with the fields that are commented out in it. */
function example(language: ExampleLanguage, fields: "as written" | "all fields") {
  const { text, fileName, include } = formatContractExample(language, POOL);
  const comment = new RegExp(
    `^(\\s*)(?://|#) (?=(?:pool\\.put\\(|\\[)?"?(?:${OPTIONAL.join("|")})"?\\b[^.]*[:=,])`,
    "gm",
  );
  return { text: fields === "as written" ? text : text.replace(comment, "$1"), fileName, include };
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "init-language-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Brings a program up with the real engine and answers its output `pulumiscale`. */
function bringUp(pulumi: string, folder: string): unknown {
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "init",
    PULUMI_HOME: join(folder, "home"),
  };
  const run = (...args: string[]) =>
    execFileSync(pulumi, args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
  run("stack", "init", "dev");
  run("up", "--yes", "--skip-preview");
  return JSON.parse(run("stack", "output", "pulumiscale", "--json"));
}

/** The contract that an output is, which has to be one without a fault. */
function expectContract(output: unknown, fields: "as written" | "all fields"): void {
  const { contract, problems, warnings } = parseContract(output, "shop");
  expect([problems, warnings]).toEqual([[], []]);
  const pool = contract.get("worker-pool");
  expect(pool).toMatchObject({
    location: { configKey: "workerCount" },
    strategy: "incremental",
    min: 1,
    max: 10,
    cooldownSeconds: 300,
  });
  expect(pool?.targetUrns.join()).toContain("::workers");
  const more = {
    scaleInCooldownSeconds: 900,
    approval: { above: 20, changeOver: "50%", partial: true },
    unitCost: { amount: 0.096 },
    aliases: ["worker-pool-old"],
  };
  const fewer = { scaleInCooldownSeconds: 300, approval: undefined, aliases: [] };
  expect(pool).toMatchObject(fields === "all fields" ? more : fewer);
}

describe.each(["as written", "all fields"] as const)("the contract example, %s", (fields) => {
  it("in TypeScript, on the real engine", { timeout: 60_000 }, ({ skip }) => {
    const pulumi = requireProgram("pulumi", skip);
    const { text, fileName, include } = example("typescript", fields);
    const [first = "", ...others] = include;
    const folder = folderWith({
      "Pulumi.yaml": "name: shop\nruntime: nodejs\n",
      "package.json": "{}",
      "tsconfig.json": readFileSync(join(ROOT, "fixtures/programs/node-workers/tsconfig.json"), "utf8"),
      [fileName]: text,
      "index.ts": `import * as pulumi from "@pulumi/pulumi";\n${first}\nconst workers = new pulumi.Stash("workers", { input: 3 });\n${others.join("\n")}\n`,
    });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    expectContract(bringUp(pulumi, folder), fields);
  });

  it.each([
    ["javascript-commonjs", "{}", 'const pulumi = require("@pulumi/pulumi");'],
    ["javascript", '{"type": "module"}', 'import * as pulumi from "@pulumi/pulumi";'],
  ] as const)("in %s, run by Node", (language, packageJson, load) => {
    const importPath = language === "javascript" ? "./pulumiscale.contract.js" : "./pulumiscale.contract";
    const { include } = formatContractExample(language, POOL, { importPath });
    const { text, fileName } = example(language, fields);
    const print = "console.log(JSON.stringify(OUT))".replace(
      "OUT",
      language === "javascript" ? "pulumiscale" : "exports.pulumiscale",
    );
    const folder = folderWith({
      "package.json": packageJson,
      [fileName]: text,
      "index.js": `${load}\nvoid pulumi;\nconst workers = { urn: "urn:pulumi:dev::shop::a:b:C::workers" };\n${include.join("\n")}\n${print}\n`,
    });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    expectContract(
      JSON.parse(execFileSync(process.execPath, ["index.js"], { cwd: folder, encoding: "utf8" })),
      fields,
    );
  });

  it("in YAML, on the real engine", { timeout: 60_000 }, ({ skip }) => {
    const pulumi = requireProgram("pulumi", skip);
    const program =
      "name: shop\nruntime: yaml\nresources:\n  workers:\n    type: pulumi:index:Stash\n    properties:\n      input: 3\n";
    expectContract(
      bringUp(pulumi, folderWith({ "Pulumi.yaml": `${program}${example("yaml", fields).text}` })),
      fields,
    );
  });

  it("in Go, formatted, and vetted with Pulumi's SDK", { timeout: 240_000 }, ({ skip }) => {
    const go = requireProgram("go", skip);
    const { text, fileName, include } = example("go", fields);
    const program = `package main\n\nimport "github.com/pulumi/pulumi/sdk/v3/go/pulumi"\n\nfunc main() {
\tpulumi.Run(func(ctx *pulumi.Context) error {
\t\tworkers, err := pulumi.NewStash(ctx, "workers", &pulumi.StashArgs{Input: pulumi.Int(3)})
\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n${include.map((line) => `\t\t${line}\n`).join("")}\t\treturn nil\n\t})\n}\n`;
    const folder = folderWith({ "main.go": program, [fileName]: text });
    // The SDK that the Pulumi CLI of the tests is built from: its module is in Go's cache already.
    for (const file of ["go.mod", "go.sum"])
      cpSync(join(ROOT, "test/setup/pulumi-cli/pulumi", file), join(folder, file));
    const env = { ...process.env, GOWORK: "off" };
    const run = (command: string, ...args: string[]) =>
      execFileSync(command, args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
    expect(run(join(dirname(go), "gofmt"), "-d", ".")).toBe("");
    run(go, "vet", "-mod=mod", ".");
  });

  it("in Python, run with Pulumi's SDK and an engine of mocks", { timeout: 240_000 }, async ({ skip }) => {
    const python = requireProgram("python3", skip);
    const packages = await ensurePythonPackages();
    const { text, fileName, include } = example("python", fields);
    const folder = folderWith({
      [fileName]: text,
      "check.py": `import json
import pulumi
${include[0]}

class Answers(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return ["id", args.inputs]
    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Answers(), project="shop", stack="dev")

@pulumi.runtime.test
def check():
    workers = pulumi.Stash("workers", input=3)
    ${include[1]}
    output = pulumi.runtime.get_root_resource().outputs["pulumiscale"]
    return pulumi.Output.from_input(output).apply(lambda it: print(json.dumps(it)))

check()
`,
    });
    const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" };
    expectContract(
      JSON.parse(execFileSync(python, ["check.py"], { cwd: folder, env, encoding: "utf8" })),
      fields,
    );
  });

  it("in Java, run with Pulumi's SDK and an engine of mocks", { timeout: 240_000 }, async ({ skip }) => {
    const javac = requireProgram("javac", skip);
    requireProgram("mvn", skip);
    const packages = await ensureJavaPackages();
    const { text, fileName, include } = example("java", fields);
    const check = `import com.pulumi.resources.ComponentResource;
import com.pulumi.test.Mocks.ResourceResult;
import com.pulumi.test.PulumiTest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

class Check {
    public static void main(String[] args) {
        var result = PulumiTest.withMocks(it -> CompletableFuture.completedFuture(ResourceResult.of(Optional.of("id"), it.inputs)))
            .runTest(ctx -> {
                var workers = new ComponentResource("a:b:C", "workers");
                ${include.join("\n")}
            }).throwOnError();
        System.out.println(new com.google.gson.Gson().toJson(PulumiTest.extractValue(result.output("pulumiscale"))));
        System.exit(0);
    }
}
`;
    const folder = folderWith({ [fileName]: text, "Check.java": check });
    const run = (command: string, ...args: string[]) =>
      execFileSync(command, ["-cp", `${join(packages, "*")}:${folder}`, ...args], {
        cwd: folder,
        encoding: "utf8",
        stdio: "pipe",
      });
    run(javac, "-Xlint:all,-processing", "-Werror", fileName, "Check.java");
    expectContract(
      JSON.parse(
        run(join(dirname(javac), "java"), "Check")
          .trim()
          .split("\n")
          .at(-1) ?? "",
      ),
      fields,
    );
  });

  it("in C#: only its syntax, by a parser; it is neither compiled nor run", { timeout: 240_000 }, async ({
    skip,
  }) => {
    const python = requireProgram("python3", skip);
    const env = { ...process.env, PYTHONPATH: await ensurePythonPackages(), PYTHONDONTWRITEBYTECODE: "1" };
    const program = `import sys, tree_sitter_c_sharp as grammar
from tree_sitter import Language, Parser
print(Parser(Language(grammar.language())).parse(sys.stdin.buffer.read()).root_node.has_error)`;
    const hasError = (input: string) =>
      execFileSync(python, ["-c", program], { env, input, encoding: "utf8" }).trim();
    const { text, include } = example("csharp", fields);
    expect(hasError(text)).toBe("False");
    expect(
      hasError(
        `var workers = 1;\nvar outputs = new Dictionary<string, object?> {\n${include.join("\n")}\n};`,
      ),
    ).toBe("False");
    expect(hasError(text.replace("};", "}"))).toBe("True");
    for (const field of ["targetUrn", "configKey", "strategy", "min", "max", "cooldown"])
      expect(text).toContain(`["${field}"] = `);
  });
});

const LANGUAGES = [
  "typescript",
  "javascript",
  "javascript-commonjs",
  "python",
  "go",
  "csharp",
  "java",
  "yaml",
] as const;
it.each(LANGUAGES)("has a comment for every field in %s", (language) => {
  const lines = example(language, "all fields")
    .text.split("\n")
    .map((line) => line.trim());
  for (const field of ["targetUrn", "configKey", "strategy", "min", "max", "cooldown", ...OPTIONAL]) {
    const at = lines.findIndex((line) => new RegExp(`^(?:pool\\.put\\(|\\[)?"?${field}"?\\b`).test(line));
    expect([field, lines[at - 1]]).toEqual([field, expect.stringMatching(/^(?:\/\/|#) [A-Z].*[.]$/)]);
  }
});
