import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readModule } from "./architecture/read-module.ts";
import { findViolations } from "./architecture/rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("src, action and test keep the rules on imports", () => {
  const files = ["src/**/*.ts", "action/*.ts", "test/**/*.ts"]
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((file) => file.split(path.sep).join("/"));
  expect(files).toContain("src/domain/decision.ts");
  const modules = files.map((file) => readModule(file, readFileSync(path.join(root, file), "utf8")));
  expect(findViolations(modules)).toEqual([]);
});

describe("what keeps the rules", () => {
  test.each([
    ["src/domain/a.ts", `import { z } from "zod"; import { b } from "./b.ts"; import yaml from "yaml";`],
    ["src/domain/a.ts", `const day = new Date(ms); const time = Date.parse(text);`],
    [
      "src/workflows/a.ts",
      `import type { Forge } from "../forge/forge.ts"; import { d } from "../delivery/d.ts";`,
    ],
    ["src/forge/github-a.ts", `import { Octokit } from "@octokit/rest";`],
    ["src/forge/git.ts", `import { spawn } from "node:child_process";`],
    ["src/apply/a.ts", `import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";`],
    ["src/settings.ts", `export const settings = parse(process.env);`],
    ["src/clock.ts", `export const systemClock = () => Date.now();`],
    ["src/main.ts", `import { app } from "./http/app.ts"; import { forge } from "./forge/github-forge.ts";`],
    [
      "action/main.ts",
      `import { apply } from "../src/apply/apply.ts"; import { inputs } from "./inputs.ts";`,
    ],
    ["test/e2e/a.test.ts", `import { spawn } from "node:child_process"; const env = process.env;`],
  ])("%s: %s", (file, source) => {
    expect(findViolations([readModule(file, source)])).toEqual([]);
  });
});

describe("what breaks a rule is caught", () => {
  const environment = "uses the environment: its home is src/settings.ts";
  const clock = "uses the clock: its home is src/clock.ts";
  test.each([
    ["src/domain/a.ts", `import { f } from "../forge/forge.ts";`, "src/domain/ may import only src/domain/"],
    [
      "src/domain/a.ts",
      `import type { F } from "../forge/forge.ts";`,
      "src/domain/ may import only src/domain/",
    ],
    ["src/domain/a.ts", `type F = import("../forge/forge.ts").F;`, "src/domain/ may import only src/domain/"],
    ["src/domain/a.ts", `export { f } from "../sources/f.ts";`, "src/domain/ may import only src/domain/"],
    ["src/domain/a.ts", `import fs from "node:fs";`, "src/domain/ may import only zod, yaml"],
    ["src/domain/a.ts", `const fs = await import("node:fs");`, "src/domain/ may import only zod, yaml"],
    ["src/domain/a.ts", `import { Hono } from "hono";`, "src/domain/ may import only zod, yaml"],
    ["src/sources/a.ts", `import { s } from "../workflows/s.ts";`, "src/sources/ may import only"],
    ["src/delivery/a.ts", `import { g } from "../forge/github-forge.ts";`, "src/delivery/ may import only"],
    ["src/workflows/a.ts", `import { g } from "../forge/github-forge.ts";`, "src/workflows/ may import only"],
    ["src/ledger/a.ts", `import { w } from "../workflows/w.ts";`, "src/ledger/ may import only"],
    ["src/http/a.ts", `import { g } from "../forge/github-forge.ts";`, "src/http/ may import only"],
    ["src/settings.ts", `import { a } from "./http/a.ts";`, "src/ may import only src/domain/"],
    [
      "src/main.ts",
      `import { a } from "../action/main.ts";`,
      "src/main.ts may import only src/main.ts, src/",
    ],
    ["src/http/a.ts", `import { t } from "../../test/support/t.ts";`, "src/http/ may import only"],
    ["action/main.ts", `import { h } from "../src/http/h.ts";`, "action/ may import only"],
    ["action/main.ts", `import { t } from "../test/support/t.ts";`, "action/ may import only"],
    ["src/http/a.ts", `const port = process.env.PORT;`, environment],
    ["src/http/a.ts", `const port = process["env"]["PORT"];`, environment],
    ["src/http/a.ts", `const { env } = process;`, environment],
    ["src/http/a.ts", `const port = globalThis.process.env.PORT;`, environment],
    ["src/http/a.ts", `import { env } from "node:process";`, environment],
    ["src/http/a.ts", `const now = Date.now();`, clock],
    ["src/http/a.ts", `const now = Date.now;`, clock],
    ["src/http/a.ts", `const now = new Date();`, clock],
    ["src/http/a.ts", `const now = new Date;`, clock],
    ["src/http/a.ts", `const now = performance.now();`, clock],
    ["src/http/a.ts", `const now = process.hrtime.bigint();`, clock],
    [
      "src/forge/github-a.ts",
      `import { spawn } from "node:child_process";`,
      "uses child processes: its home is",
    ],
    ["src/http/a.ts", `const { spawn } = require("child_process");`, "uses child processes: its home is"],
    [
      "src/forge/forge.ts",
      `import type { Octokit } from "@octokit/rest";`,
      "uses GitHub's client: its home is",
    ],
    ["action/report.ts", `import { Octokit } from "@octokit/rest";`, "uses GitHub's client: its home is"],
    ["src/http/a.ts", `import type { Probot } from "probot";`, "uses GitHub's client: its home is"],
    ["action/main.ts", `import * as pulumi from "@pulumi/pulumi";`, "uses Pulumi: its home is src/apply/"],
    ["src/http/a.ts", `import { b } from "./b.js";`, "the name ends in .ts"],
    ["src/http/a.ts", `import { b } from "./b";`, "the name ends in .ts"],
  ])("%s: %s", (file, source, rule) => {
    const violations = findViolations([readModule(file, source)]);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(new RegExp(`^${file}:1 `));
    expect(violations[0]).toContain(rule);
  });

  test("a cycle, with the way round", () => {
    const modules = [
      readModule("src/domain/a.ts", `import { b } from "./b.ts";`),
      readModule("src/domain/b.ts", `import type { C } from "./c.ts";`),
      readModule("src/domain/c.ts", `import { a } from "./a.ts";`),
    ];
    expect(findViolations(modules)).toEqual([
      "src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts: no cycles",
    ]);
  });

  test("a second test file that mocks HTTP", () => {
    const mocking = `import nock from "nock";`;
    const first = readModule("test/forge/a.test.ts", mocking);
    expect(findViolations([first])).toEqual([]);
    expect(findViolations([first, readModule("test/forge/b.test.ts", mocking)])).toHaveLength(1);
  });
});
