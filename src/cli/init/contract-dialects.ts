import type { ExampleValue } from "./contract-fields.ts";

/** How a language writes a contract. A value of null is the target's URN. */
type Dialect = {
  fileName: string;
  mark: "//" | "#";
  /** Before each field of the pool. */
  indent: string;
  field: (name: string, value: ExampleValue | null) => string;
  frame: (pool: string, fields: readonly string[]) => readonly string[];
  /** What the program adds; nothing where the example is to be pasted. */
  include: (importPath: string) => readonly string[];
};

export type ExampleLanguage =
  | "typescript"
  | "javascript"
  | "javascript-commonjs"
  | "python"
  | "go"
  | "csharp"
  | "java"
  | "yaml";

const node = {
  mark: "//",
  indent: "    ",
  field: (name: string, value: ExampleValue | null) =>
    `${name}: ${value === null ? "target.urn" : literal(value, { open: "{ ", close: " }", key: (key) => `${key}: ` })},`,
  include: (importPath: string) => [
    `import { pulumiscaleContract } from "${importPath}";`,
    "export const pulumiscale = pulumiscaleContract(workers);",
  ],
} as const;

/** All languages of an example. */
export const CONTRACT_DIALECTS: Readonly<Record<ExampleLanguage, Dialect>> = {
  typescript: {
    ...node,
    fileName: "pulumiscale.contract.ts",
    frame: (pool, fields) => [
      'import type { Resource } from "@pulumi/pulumi";',
      "",
      "export const pulumiscaleContract = (target: Resource) => ({",
      `  "${pool}": {`,
      ...fields,
      "  },",
      "});",
    ],
  },
  javascript: {
    ...node,
    fileName: "pulumiscale.contract.js",
    frame: (pool, fields) => [
      "export const pulumiscaleContract = (target) => ({",
      `  "${pool}": {`,
      ...fields,
      "  },",
      "});",
    ],
  },
  "javascript-commonjs": {
    ...node,
    fileName: "pulumiscale.contract.js",
    frame: (pool, fields) => [
      "exports.pulumiscaleContract = (target) => ({",
      `  "${pool}": {`,
      ...fields,
      "  },",
      "});",
    ],
    include: (importPath) => [`exports.pulumiscale = require("${importPath}").pulumiscaleContract(workers);`],
  },
  python: {
    fileName: "pulumiscale_contract.py",
    mark: "#",
    indent: "            ",
    field: (name, value) => `"${name}": ${value === null ? "target.urn" : literal(value, PYTHON)},`,
    frame: (pool, fields) => [
      "import pulumi",
      "",
      "",
      "def export(target: pulumi.Resource) -> None:",
      '    pulumi.export("pulumiscale", {',
      `        "${pool}": {`,
      ...fields,
      "        },",
      "    })",
    ],
    include: () => ["import pulumiscale_contract", "pulumiscale_contract.export(workers)"],
  },
  go: {
    fileName: "pulumiscale_contract.go",
    mark: "//",
    indent: "\t\t\t",
    field: (name, value) => `"${name}": ${value === null ? "target.URN()" : goLiteral(value)},`,
    frame: (pool, fields) => [
      "package main",
      "",
      'import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"',
      "",
      "func exportPulumiscale(ctx *pulumi.Context, target pulumi.Resource) {",
      '\tctx.Export("pulumiscale", pulumi.Map{',
      `\t\t"${pool}": pulumi.Map{`,
      ...fields,
      "\t\t},",
      "\t})",
      "}",
    ],
    include: () => ["exportPulumiscale(ctx, workers)"],
  },
  csharp: {
    fileName: "PulumiscaleContract.cs",
    mark: "//",
    indent: "            ",
    field: (name, value) => `["${name}"] = ${value === null ? "target.Urn" : literal(value, CSHARP)},`,
    frame: (pool, fields) => [
      "using System.Collections.Generic;",
      "",
      "public static class PulumiscaleContract",
      "{",
      "    public static Dictionary<string, object> For(Pulumi.Resource target) => new()",
      "    {",
      `        ["${pool}"] = new Dictionary<string, object>`,
      "        {",
      ...fields,
      "        },",
      "    };",
      "}",
    ],
    include: () => ['["pulumiscale"] = PulumiscaleContract.For(workers),'],
  },
  java: {
    fileName: "PulumiscaleContract.java",
    mark: "//",
    indent: "            ",
    field: (name, value) => `pool.put("${name}", ${value === null ? "urn" : literal(value, JAVA)});`,
    frame: (pool, fields) => [
      "import com.pulumi.core.Output;",
      "import com.pulumi.resources.Resource;",
      "import java.util.LinkedHashMap;",
      "import java.util.List;",
      "import java.util.Map;",
      "",
      "final class PulumiscaleContract {",
      "    static Output<Map<String, Map<String, Object>>> of(Resource target) {",
      "        return target.urn().applyValue(urn -> {",
      "            Map<String, Object> pool = new LinkedHashMap<>();",
      ...fields,
      `            return Map.of("${pool}", pool);`,
      "        });",
      "    }",
      "}",
    ],
    include: () => ['ctx.export("pulumiscale", PulumiscaleContract.of(workers));'],
  },
  yaml: {
    fileName: "contract.yaml",
    mark: "#",
    indent: "      ",
    field: (name, value) =>
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the way YAML programs name a value
      `${name}: ${value === null ? "${workers.urn}" : literal(value, { open: "{ ", close: " }", key: (key) => `${key}: ` })}`,
    frame: (pool, fields) => ["outputs:", "  pulumiscale:", `    ${pool}:`, ...fields],
    include: () => [],
  },
};

type Style = {
  open: string;
  close: string;
  key: (name: string) => string;
  yes?: string;
  no?: string;
  list?: readonly [string, string];
};

const PYTHON: Style = { open: "{", close: "}", key: (key) => `"${key}": `, yes: "True", no: "False" };
const CSHARP: Style = {
  open: "new Dictionary<string, object> { ",
  close: " }",
  key: (key) => `["${key}"] = `,
  list: ["new[] { ", " }"],
};
const JAVA: Style = { open: "Map.of(", close: ")", key: (key) => `"${key}", `, list: ["List.of(", ")"] };

function literal(value: ExampleValue, style: Style): string {
  if (typeof value === "boolean") return value ? (style.yes ?? "true") : (style.no ?? "false");
  if (typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) {
    const [open, close] = style.list ?? ["[", "]"];
    return `${open}${value.map((item) => JSON.stringify(item)).join(", ")}${close}`;
  }
  const entries = Object.entries(value).map(([key, item]) => style.key(key) + literal(item, style));
  return `${style.open}${entries.join(", ")}${style.close}`;
}

function goLiteral(value: ExampleValue): string {
  if (typeof value === "string") return `pulumi.String(${JSON.stringify(value)})`;
  if (typeof value === "boolean") return `pulumi.Bool(${value})`;
  if (typeof value === "number") return `pulumi.${Number.isInteger(value) ? "Int" : "Float64"}(${value})`;
  if (isList(value))
    return `pulumi.ToStringArray([]string{${value.map((item) => JSON.stringify(item)).join(", ")}})`;
  const entries = Object.entries(value).map(([key, item]) => `"${key}": ${goLiteral(item)}`);
  return `pulumi.Map{${entries.join(", ")}}`;
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: ExampleValue): value is readonly string[] {
  return Array.isArray(value);
}
