import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parsePoolLocation } from "../../src/domain/stack-config-key.ts";
import {
  decodeStackFile,
  editPoolValues,
  type PoolLocation,
  readPoolValue,
} from "../../src/domain/stack-file.ts";
import { readEditCases, readLeaveCases } from "./stack-file-cases.ts";
import { listPools, stackFileModel } from "./stack-file-model.ts";
import { renderStackFile } from "./stack-file-render.ts";

// What the editor believes about stack files, asked of the real `pulumi config`.

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "stack-file-"));
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  PULUMI_HOME: join(folder, "home"),
  PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
  PULUMI_CONFIG_PASSPHRASE: "x",
  PULUMI_SKIP_UPDATE_CHECK: "true",
};

const Config = z.record(
  z.string(),
  z.object({ value: z.string().optional(), objectValue: z.unknown().optional() }),
);

async function pulumi(...args: string[]): Promise<string> {
  const { stdout } = await run("pulumi", [...args, "--non-interactive"], { cwd: folder, env });
  return stdout.trimEnd();
}

async function readConfig(file: string): Promise<z.infer<typeof Config>> {
  return Config.parse(JSON.parse(await pulumi("config", "--json", "--stack", "prod", "--config-file", file)));
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function decode(bytes: Uint8Array): string {
  const decoded = decodeStackFile(bytes);
  if (decoded.kind === "refused") throw new Error(decoded.refusal.message);
  return decoded.text;
}

beforeAll(async () => {
  mkdirSync(join(folder, "backend"));
  write("Pulumi.yaml", "name: shop\nruntime: yaml\n");
  await pulumi("stack", "init", "prod");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what was written is what `pulumi config get` reads", () => {
  // A file backend refuses every file with `environment:`; those edits are proven by bytes alone.
  const cases = readEditCases().filter(({ name }) => !/^(environment|config-not-first)/.test(name));

  it.each(cases)("$name", async ({ name, before, edits }) => {
    const edited = editPoolValues(decode(before), edits);
    if (edited.kind === "refused") throw new Error(edited.refusal.message);
    const file = write(`${name}.yaml`, edited.text);
    const reads = edits.map(async ({ location }) => {
      const key = "configKey" in location ? [location.configKey] : ["--path", location.configPath];
      return await pulumi("config", "get", ...key, "--stack", "prod", "--config-file", file);
    });
    expect(await Promise.all(reads)).toEqual(edits.map(({ value }) => String(value)));
  });

  // Generated files, the same every time, so that a failure is one of this code and not of luck.
  const models = fc.sample(stackFileModel, { numRuns: 10, seed: 258 }).map((model, at) => ({ model, at }));

  it.each(models)("generated file $at, after a hundred edits", async ({ model, at }) => {
    const pools = listPools(model);
    const values = pools.map(({ initial }) => initial);
    let text = renderStackFile(model, values);
    for (let edit = 0; edit < 100; edit += 1) {
      const index = (edit * 7) % pools.length;
      const value = (edit * 7919) % 1013;
      const location = pools[index]?.location ?? { project: "", configKey: "" };
      const edited = editPoolValues(text, [{ location, value }]);
      if (edited.kind === "refused") throw new Error(edited.refusal.message);
      text = edited.text;
      values[index] = value;
    }
    const config = await readConfig(write(`generated-${at}.yaml`, text));
    expect(pools.map(({ location }) => Number(valueAt(config, location)))).toEqual(values);
  });
});

function valueAt(config: z.infer<typeof Config>, location: PoolLocation): unknown {
  const parsed = parsePoolLocation(location);
  if (parsed.kind === "bad-path") throw new Error(parsed.problem);
  const entry = config[`${parsed.key.namespace}:${parsed.key.name}`];
  return parsed.segments.reduce<unknown>(
    (below, segment) => z.record(z.string(), z.unknown()).parse({ ...Object(below) })[segment],
    parsed.segments.length === 0 ? entry?.value : entry?.objectValue,
  );
}

describe("paths mean what they mean to `pulumi config --path`", () => {
  it("where Pulumi has written, the value is found", async () => {
    const paths = [
      ...[
        "lone",
        "a.b[0].c",
        'a["x.y"]',
        '["k \\"q\\""].z',
        "other:q[0]b",
        "a..d",
        "x[0][+1]",
        "x[0][00]",
        "a. s",
      ],
      ...[
        "a.p:q",
        "a.größe",
        'a["\\x"]',
        'a[""]',
        'other:["r.s"].t',
        "aws:config:nodes.count",
        "a.*",
        'a["[*]"]',
        "-.-",
      ],
    ];
    // Pulumi makes lists in the order it is told, one longer each time.
    const inOrder = [
      ...paths.filter((path) => path.endsWith("[00]")),
      ...paths.filter((path) => !path.endsWith("[00]")),
    ];
    const file = write("set-all.yaml", "");
    const assignments = inOrder.flatMap((path, at) => ["--plaintext", `${path}=${at}`]);
    await pulumi("config", "set-all", "--path", ...assignments, "--stack", "prod", "--config-file", file);
    const text = readFileSync(file, "utf8");
    for (const [value, configPath] of inOrder.entries()) {
      expect([configPath, readPoolValue(text, { project: "shop", configPath })]).toEqual([
        configPath,
        expect.objectContaining({ kind: "value", value }),
      ]);
    }
  });

  const bad = [
    ".web",
    "web.",
    "web.[0]",
    "web[0",
    'web["a',
    'web["a"x]',
    'web["\\"]',
    "web[a]",
    "web[]",
    "[0].web",
    "shop:",
  ];
  it.each(bad)("%s is an error there and here", async (configPath) => {
    const file = write("bad-path.yaml", "config:\n  shop:web: [3]\n");
    await expect(
      pulumi("config", "get", "--path", configPath, "--stack", "prod", "--config-file", file),
    ).rejects.toThrow(/invalid|config key/);
    expect(readPoolValue("config: {}\n", { project: "shop", configPath })).toMatchObject({
      refusal: { code: "bad-path" },
    });
  });
});

describe("what is refused, Pulumi would read in another way than it looks", () => {
  it("numbers that are not plain decimal integers", async () => {
    const written = {
      ...{
        octal: "010",
        modern: "0o7",
        underscore: "1_000",
        hexadecimal: "0x10",
        exponent: "1e3",
        plus: "+3",
      },
      ...{
        zero: "-0",
        decimal: "3.0",
        zeros: '"007"',
        sexagesimal: "1:30",
        large: "1".padEnd(41, "0"),
        empty: "~",
      },
    };
    const text = `config:\n${Object.entries(written)
      .map(([key, value]) => `  shop:${key}: ${value}\n`)
      .join("")}`;
    const config = await readConfig(write("numbers.yaml", text));
    expect(
      Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key.slice(5), value])),
    ).toEqual({
      ...{ octal: "8", modern: "7", underscore: "1000", hexadecimal: "16", exponent: "1000", plus: "3" },
      ...{ zero: "0", decimal: "3", zeros: "007", sexagesimal: "1:30", large: "1e+40", empty: "" },
    });
    for (const configKey of Object.keys(written)) {
      expect(readPoolValue(text, { project: "shop", configKey })).toMatchObject({
        refusal: { code: "not-an-integer" },
      });
    }
  });

  it.each([
    ["line-separator-in-a-comment", { "shop:b": "4", "shop:web": "3" }],
    ["carriage-return-in-a-comment", { "shop:b": "4", "shop:web": "3" }],
    ["next-line-character", { "shop:b": "4", "shop:web": "3" }],
    ["two-documents", { "shop:web": "3" }],
    ["secret-cipher-by-path", { "shop:web": undefined }],
    ["config-in-capitals", {}],
  ])("%s", async (name, expected) => {
    const config = await readConfig(write(`${name}.yaml`, readLeaveCase(name)));
    expect(Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key, value]))).toEqual(
      expected,
    );
  });

  it.each([
    ["duplicate-key", /already defined/],
    ["duplicate-key-nested", /already defined/],
    ["duplicate-key-number-and-text", /already defined/],
    ["duplicate-key-elsewhere", /already defined/],
    ["merge-conflict", /invalid YAML/],
    ["null-character", /control characters/],
  ])("%s: Pulumi refuses the file too", async (name, message) => {
    await expect(readConfig(write(`${name}.yaml`, readLeaveCase(name)))).rejects.toThrow(message);
  });
});

function readLeaveCase(name: string): Uint8Array {
  const found = readLeaveCases().find((one) => one.name === name);
  if (!found) throw new Error(`fixtures/stack-files/leave has no ${name}`);
  return found.before;
}
