import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { setWebhookSecret } from "../../src/apply/set-webhook-secret.ts";
import { addSecret } from "../../src/domain/add-secret.ts";
import { findSecret, parseEncryptedSecret, SECRET_KEY } from "../../src/domain/find-secret.ts";
import { decodeStackFile } from "../../src/domain/stack-file.ts";
import { readEditCases, readLeaveCases } from "../domain/stack-file-cases.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

const SECRET = "5f".repeat(32);
const SALT = "v1:GLbfLrNbfs4=:v1:LBoxqMhP/tGbh/Ad:5stIX89sDHR5qJnNjNN7T2txMbfFEA==";
const ENCRYPTED = {
  ciphertext: "v1:V5b1XQa+bIKwki9A:zFiDx0oc0/I=",
  settings: new Map([["encryptionsalt", SALT]]),
};

let stack: PulumiStack;
beforeAll(async () => {
  stack = await makePulumiStack("yaml-stash", { webCount: 3, queueCount: 5, idleCount: 1 });
});
afterAll(() => stack.remove());

const settings = () => ({ workDir: stack.workDir, environment: stack.environment });

/** What Pulumi itself reads from a stack file of this text. */
async function decrypt(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "secret-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "Pulumi.dev.yaml");
  await writeFile(file, text);
  return (await stack.pulumi("config", "get", SECRET_KEY, "--config-file", file, "--stack", "dev")).trim();
}

/** All that is in the backend and in the program's directory. */
function fingerprint(): string {
  const command = "find . -path ./home -prune -o -type f -print0 | sort -z | xargs -0 sha256sum";
  return execFileSync("sh", ["-c", command], { cwd: join(stack.workDir, "..", ".."), encoding: "utf8" });
}

describe("with the real Pulumi", { timeout: 60_000 }, () => {
  const before =
    "\uFEFF# ours\r\nconfig:\r\n    # the web servers\r\n    shop:webCount:   '3' # three\r\n    shop:queueCount: 5";

  it("sets a secret that Pulumi decrypts, and adds three lines to a person's file", async () => {
    const result = await setWebhookSecret("dev", { text: before, extension: "yaml" }, SECRET, settings());
    const text = result.kind === "edited" ? result.text : "";
    const lines = text.split("\r\n");
    const added = lines.filter((line) => /webhook-secret|secure: |encryptionsalt/.test(line));
    expect(added).toHaveLength(3);
    expect(lines.filter((line) => !added.includes(line)).join("\r\n")).toBe(before);
    expect(lines[lines.indexOf("config:") + 1]).toBe(`    ${SECRET_KEY}:`);
    expect(await decrypt(text)).toBe(SECRET);
    expect(text).not.toContain(SECRET);
  });

  it("moves nothing on disk and nothing in the backend", async () => {
    const untouched = fingerprint();
    await setWebhookSecret("dev", { text: before, extension: "yaml" }, SECRET, settings());
    expect(fingerprint()).toBe(untouched);
  });

  it("encrypts with the stack's own key, also where no stack file says yet which that is", async () => {
    const state = await readFile(join(stack.workDir, "../../backend/.pulumi/stacks/shop/dev.json"), "utf8");
    const result = await setWebhookSecret("dev", { text: null, extension: "yaml" }, SECRET, settings());
    const text = result.kind === "edited" ? result.text : "";
    expect(state).toContain(parse(text).encryptionsalt);
    expect(await decrypt(text)).toBe(SECRET);
    const wrong = { ...stack.environment, PULUMI_CONFIG_PASSPHRASE: "another passphrase" };
    const setting = setWebhookSecret("dev", { text: null, extension: "yaml" }, SECRET, {
      ...settings(),
      environment: wrong,
    });
    await expect(setting).rejects.toThrow(
      /could not encrypt the webhook secret.*incorrect passphrase.*Nothing was written/,
    );
  });

  it("keeps the key that the file names", async () => {
    await stack.pulumi("config", "set", "--secret", "other", "a value", "--stack", "dev");
    const own = await readFile(stack.stackFile, "utf8");
    const result = await setWebhookSecret("dev", { text: own, extension: "yaml" }, SECRET, settings());
    const text = result.kind === "edited" ? result.text : "";
    expect(text.replace(/ +pulumiscale:webhook-secret:\n +secure: \S+\n/, "")).toBe(own);
    expect(await decrypt(text)).toBe(SECRET);
  });

  it.each(["|+", "|", ">-"])(
    "leaves a last text block (%s) without a line end what it is to Pulumi",
    async (style) => {
      const config = async (text: string) => {
        const file = join(stack.workDir, "..", "Pulumi.block.yaml");
        await writeFile(file, text);
        return await stack.pulumi("config", "get", "text", "--config-file", file, "--stack", "dev", "--json");
      };
      const block = `config:\n  shop:text: ${style}\n    last`;
      const result = await setWebhookSecret("dev", { text: block, extension: "yaml" }, SECRET, settings());
      const text = result.kind === "edited" ? result.text : "";
      expect(text).toContain("encryptionsalt");
      expect(await config(text)).toBe(await config(block));
    },
  );

  it("names a stack that is not there", async () => {
    const setting = setWebhookSecret("nope", { text: null, extension: "yaml" }, SECRET, settings());
    await expect(setting).rejects.toThrow(/no stack named 'nope' found.*--stack/);
  });

  // Pulumi Cloud alone knows environments.
  const own =
    /^(environment|encryptionsalt|secretsprovider|encryptedkey)|"(encryptionsalt|secretsprovider)"/m;
  it.each(readEditCases().filter(({ before: bytes }) => !own.test(bytes.toString())))(
    "Pulumi reads the secret from fixtures/stack-files/edit/$name",
    async ({ before: bytes }) => {
      const fresh = await setWebhookSecret("dev", { text: null, extension: "yaml" }, SECRET, settings());
      const encrypted = parseEncryptedSecret(fresh.kind === "edited" ? fresh.text : "");
      const result = encrypted === null ? null : addSecret(bytes.toString(), encrypted);
      expect(result?.kind).toBe("edited");
      expect(await decrypt(result?.kind === "edited" ? result.text : "")).toBe(SECRET);
    },
  );
});

describe("the secret is seen by nobody", () => {
  /** Stands for the CLI: it notes down its arguments and its environment, and says on stderr what it got on stdin. */
  async function tellTale(exitCode: number) {
    const folder = await mkdtemp(join(tmpdir(), "secret-test-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "tmp"));
    const note = `{ echo "$@"; env; } > '${folder}/seen'; secret=$(cat); echo "error: bad value $secret" >&2`;
    await writeFile(
      join(folder, "pulumi"),
      `#!/bin/sh\n${note}\ngrep -rl "$secret" '${folder}/tmp' >> '${folder}/seen'\nexit ${exitCode}\n`,
    );
    await chmod(join(folder, "pulumi"), 0o755);
    const environment = { PATH: `${folder}:${process.env.PATH}` };
    const error = await setWebhookSecret("dev", { text: "config:\n", extension: "yaml" }, SECRET, {
      workDir: folder,
      environment,
    }).catch(String);
    return { error: String(error), seen: await readFile(join(folder, "seen"), "utf8") };
  }

  it.each([0, 1])(
    "neither in arguments nor in the environment, a file or an error (exit code %i)",
    async (exitCode) => {
      const { error, seen } = await tellTale(exitCode);
      expect(seen).toContain("config set --secret pulumiscale:webhook-secret --config-file");
      expect(seen).not.toContain(SECRET);
      expect(error).toContain("PulumiReadError");
      expect(error).toContain("bad value ***");
      expect(error).not.toContain(SECRET);
    },
  );
});

/** The file as any YAML reader has it, without what was added. */
function readWithout(text: string): unknown {
  const {
    encryptionsalt: _,
    config,
    ...rest
  } = parse(text, { schema: "failsafe", resolveKnownTags: false, merge: false, uniqueKeys: false }) ?? {};
  const { [SECRET_KEY]: __, ...others } = typeof config === "string" ? {} : (config ?? {});
  return JSON.stringify({ ...rest, config: others });
}

describe("a person's file", () => {
  const cases = [...readEditCases(), ...readLeaveCases()].flatMap(({ name, before }) => {
    const decoded = decodeStackFile(before);
    return decoded.kind === "text" ? [{ name, text: decoded.text }] : [];
  });

  it("keeps every character, whatever its form, or is refused", () => {
    const shape = fc.record({
      crlf: fc.boolean(),
      mark: fc.boolean(),
      end: fc.constantFrom("", "\n", "# end", "\n\n#\n"),
      salt: fc.boolean(),
    });
    let edited = 0;
    const property = fc.property(
      fc.constantFrom(...cases),
      shape,
      ({ text: given }, { crlf, mark, end, salt }) => {
        let text = `${given.replace(/\n$/, "")}${end}`;
        if (salt && !/^[{%-]/.test(text) && !text.includes("encryptionsalt"))
          text = `encryptionsalt: "${SALT}"\n${text}`;
        if (crlf) text = text.replaceAll(/\r?\n/g, "\r\n");
        if (mark && !text.startsWith("\uFEFF")) text = `\uFEFF${text}`;
        const result = addSecret(text, ENCRYPTED);
        if (result.kind === "refused") return;
        edited += 1;
        // Every character of the old text stands in the new one, in its order; and no more came than the secret and the salt.
        let kept = 0;
        for (const character of result.text.split("")) if (character === text[kept]) kept += 1;
        expect(kept).toBe(text.length);
        expect(result.text.length - text.length).toBeLessThan(
          SALT.length + ENCRYPTED.ciphertext.length + 110,
        );
        expect(readWithout(result.text)).toBe(readWithout(text));
        expect(
          parse(result.text, { schema: "failsafe", resolveKnownTags: false }).config[SECRET_KEY],
        ).toEqual({
          secure: ENCRYPTED.ciphertext,
        });
        for (const line of text.split("\n").slice(1))
          if (!line.includes("{")) expect(result.text).toContain(line);
        expect(addSecret(result.text, ENCRYPTED)).toMatchObject({
          kind: "refused",
          refusal: { code: "duplicate-key" },
        });
      },
    );
    fc.assert(property, { numRuns: 1500 });
    expect(edited).toBeGreaterThan(500);
  });

  it.each([
    ["an empty file", ""],
    ["a comment alone", "# ours"],
    ["config without anything", "config:"],
    ["an empty flow map", "config: { }\n"],
    ["an indented root", " config:\n   a: 1\n b: 2\n"],
    ["a text block at the end", "config:\n  a: 1\nb: |+\n  x\n\n"],
    ["a text block without a last line end", "config:\n  a: 1\n  b: |+\n    x"],
    ["the end of a document", "config:\n  a: 1\n...\n"],
  ])("takes it: %s", (_, text) => {
    const result = addSecret(text, ENCRYPTED);
    expect(result.kind).toBe("edited");
    if (result.kind === "edited") expect(readWithout(result.text)).toBe(readWithout(text));
    if (result.kind === "edited")
      expect(parse(result.text)).toMatchObject({ encryptionsalt: SALT, config: { [SECRET_KEY]: {} } });
  });

  it.each([
    ["another salt than Pulumi's", "encryptionsalt: v1:other\nconfig:\n  a: 1\n", "edit-not-proven"],
    ["config in words", "config: ~\n", "invalid-yaml"],
    ["config shared by an alias", "config: &a\n  b: 1\nother: *a\n", "yaml-alias"],
    ["a merge key", "x: &x {a: 1}\nconfig:\n  <<: *x\n", "yaml-alias"],
    ["the key in plain text", `config:\n  ${SECRET_KEY}: hello\n`, "duplicate-key"],
  ])("is refused with a way out: %s", (_, text, code) => {
    const result = addSecret(text, ENCRYPTED);
    expect(result).toMatchObject({ kind: "refused", refusal: { code } });
    if (result.kind === "refused") expect(result.refusal.message).toContain("pulumi config set --secret");
  });
});

it.each([
  ["config:\n  pulumiscale:webhook-secret:\n    secure: v1:a\n", { kind: "encrypted", key: SECRET_KEY }],
  [
    "config:\n  pulumiscale:config:webhookToken: {secure: v1:a}\n",
    { kind: "encrypted", key: "pulumiscale:webhookToken" },
  ],
  ["config:\n  pulumiscale:webhook-secret: in the open\n", { kind: "plain", key: SECRET_KEY }],
  ["config:\n  webhook-secret: {secure: v1:a}\n", { kind: "none" }],
  ["", { kind: "none" }],
])("finds what is there: %j", (text, expected) => {
  expect(findSecret(text, "shop")).toEqual(expected);
  if (text.includes("  webhook-secret")) expect(findSecret(text, "pulumiscale").kind).toBe("encrypted");
});
