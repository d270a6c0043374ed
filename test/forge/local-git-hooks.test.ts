import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { requireProgram } from "../setup/require-program.ts";
import { createLocalWorld, type LocalWorld, STACK_TEXT, scale } from "./support-local-repository.ts";

/** A part of OpenSSH, which git needs for such signatures too. */
const KEYGEN = "ssh-keygen";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

function hook(world: LocalWorld, name: string, script: string, folder = ".git/hooks"): void {
  const path = join(world.root, folder, name);
  mkdirSync(join(world.root, folder), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function expectUntouched(world: LocalWorld): void {
  expect(world.git("rev-list", "--count", "HEAD")).toBe("1");
  expect(world.git("status", "--porcelain", "-uno")).toBe("");
  expect(world.read(world.path)).toBe(STACK_TEXT);
  expect(readdirSync(join(world.repository.stateDir, "work"))).toEqual([]);
}

describe("the repository's hooks", () => {
  it("run as for git commit, with an index of their own, in order", async () => {
    const world = await createLocalWorld();
    const log = join(world.home, "log");
    const say = (words: string) => `echo "${words}" >> '${log}'`;
    world.write("README.md", "# staged\n");
    world.git("add", "README.md");
    hook(
      world,
      "pre-commit",
      `${say("pre $(git diff --cached --name-only) $(git diff --name-only | xargs) $GIT_EDITOR $(pwd)")}`,
    );
    hook(world, "prepare-commit-msg", say("prepare $2 $#"));
    hook(world, "commit-msg", `${say('message $(head -1 "$1")')}; echo "Signed-off-by: Ada" >> "$1"`);
    hook(world, "post-commit", `${say("post $(git log -1 --format=%s)")}; exit 1`);
    await scale(world, { web: 4 });
    const subject = "scale(shop.prod): web 3 → 4";
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual([
      // What was staged beforehand is, to the hook, an edit like any other.
      `pre ${world.path} README.md ${world.path} : ${world.root}`,
      "prepare message 2",
      `message ${subject}`,
      `post ${subject}`,
    ]);
    const message = world.git("log", "-1", "--format=%B");
    expect(message).toMatch(/\nSigned-off-by: Ada\n*$/);
    expect(parseScaleCommit(message)?.scales).toMatchObject([{ pool: "web", from: 3, to: 4 }]);
    expect(world.git("status", "--porcelain")).toBe("M  README.md");
  });

  it.each(["pre-commit", "prepare-commit-msg", "commit-msg"])(
    "%s may refuse, in its own words",
    async (name) => {
      const world = await createLocalWorld();
      hook(world, name, `echo "not on a Friday @all \\$(x)" >&2; exit 3`);
      await expect(scale(world, { web: 4 })).rejects.toMatchObject({
        code: "forbidden",
        message: `The repository's ${name} hook refused the commit. It says: not on a Friday all (x)`,
      });
      expectUntouched(world);
    },
  );

  it("of another folder count, those that cannot be run do not", async () => {
    const world = await createLocalWorld();
    world.git("config", "core.hooksPath", "hooks folder");
    hook(world, "pre-commit", "exit 1");
    hook(world, "commit-msg", "exit 1", "hooks folder");
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      message: expect.stringContaining("commit-msg hook"),
    });
    chmodSync(join(world.root, "hooks folder/commit-msg"), 0o644);
    await scale(world, { web: 4 });
  });

  it.each([
    ["another file", `echo x > more && git add more`],
    [
      "another text",
      `printf 'config: {}\\n' > .git/text && git update-index --cacheinfo 100644,$(git hash-object -w .git/text),infra/Pulumi.prod.yaml`,
    ],
    ["a mode", `git update-index --chmod=+x infra/Pulumi.prod.yaml`],
    ["the file's removal", `git update-index --force-remove infra/Pulumi.prod.yaml`],
    ["nothing at all", `git reset -q`],
  ])("bring no more than the value in: %s", async (_name, script) => {
    const world = await createLocalWorld();
    hook(world, "pre-commit", script);
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("pre-commit hook changed what was to be committed"),
    });
    expectUntouched(world);
  });

  it.each([
    ["takes the lines away", `echo hello > "$1"`],
    ["says another value", `sed -i 's/-> 4/-> 5/' "$1"`],
    [
      "adds a pool",
      `echo "Pulumiscale-Scale: worker 5 -> 9 requested=9 reason=x source=x event=0123456789abcdef" >> "$1"`,
    ],
    ["names another stack", `sed -i 's/Stack: .*/Stack: other/' "$1"`],
  ])("leave what the message says to machines: one %s", async (_name, script) => {
    const world = await createLocalWorld();
    hook(world, "commit-msg", script);
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("changed the Pulumiscale- lines"),
    });
    expectUntouched(world);
  });

  it("reference-transaction may refuse too", async () => {
    const world = await createLocalWorld();
    hook(world, "reference-transaction", `test "$1" != prepared`);
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("reference-transaction hook"),
    });
    expectUntouched(world);
  });
});

describe("a repository that signs its commits", () => {
  it("gets signed ones", async () => {
    const world = await createLocalWorld();
    const key = join(world.home, "key");
    execFileSync(KEYGEN, ["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", key]);
    const allowed = join(world.home, "allowed");
    writeFileSync(allowed, `ada@example.com ${readFileSync(`${key}.pub`, "utf8")}`);
    world.git("config", "commit.gpgsign", "yes");
    world.git("config", "gpg.format", "ssh");
    world.git("config", "user.signingkey", `${key}.pub`);
    world.git("config", "gpg.ssh.allowedSignersFile", allowed);
    await scale(world, { web: 4 });
    expect(world.git("log", "-1", "--format=%G?")).toBe("G");
  });

  it("gets none where the key does not work", async () => {
    const world = await createLocalWorld();
    world.git("config", "commit.gpgsign", "true");
    world.git("config", "gpg.program", "/bin/false");
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("could not be signed"),
    });
    expectUntouched(world);
    expect(existsSync(join(world.root, ".git/index.lock"))).toBe(false);
  });
});
