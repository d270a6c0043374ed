import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeployPlace } from "../../src/apply/apply-forge.ts";
import { ForgeError } from "../../src/forge/forge.ts";
import { Git } from "../../src/forge/git.ts";
import { LocalApplyForge } from "../../src/forge/local-apply.ts";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { entryAfterPublish } from "../../src/ledger/change-entry.ts";
import { formatEntry } from "../../src/ledger/entry.ts";

// Real git, in a work tree of its own for each test.

const run = promisify(execFile);
const environment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Someone",
  GIT_AUTHOR_EMAIL: "someone@example.com",
  GIT_COMMITTER_NAME: "Someone",
  GIT_COMMITTER_EMAIL: "someone@example.com",
};
const NOBODY = "1".repeat(40);

let root: string;
let ledger: LocalLedger;
let forge: LocalApplyForge;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pulumiscale-local-"));
  ledger = new LocalLedger(join(root, ".git", "pulumiscale"));
  forge = new LocalApplyForge({ git: new Git(environment), root }, ledger);
  await git("init", "--quiet", "--initial-branch=main");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd: root, env: environment });
  return stdout.trim();
}

/** Writes files (null: removes), commits them and answers the commit's id. */
async function commit(files: Readonly<Record<string, string | Uint8Array | null>>, message = "a change") {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (content === null) await rm(join(root, path));
    else await writeFile(join(root, path), content);
  }
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message);
  return git("rev-parse", "HEAD");
}

function place(changes: Partial<DeployPlace> = {}): DeployPlace {
  return {
    owner: "local",
    repo: "work",
    baseBranch: "main",
    alias: "shop.dev",
    dir: "infra",
    stackFilePath: "infra/Pulumi.dev.yaml",
    ...changes,
  };
}

function values(web: number): string {
  return `config:\n  shop:web: ${web}\n`;
}

const ENTRY = formatEntry(
  entryAfterPublish({
    project: "shop",
    stack: "dev",
    dir: "infra",
    pools: {},
    applied: { web: 3 },
    deployed: null,
    commit: NOBODY,
    publishedAt: "2026-01-01T00:00:00.000Z",
    tokenHashes: [],
    receipt: null,
  }),
);

describe("the head", () => {
  it("is the branch's, with folders, the stack file and the repository file, whatever is in the work tree", async () => {
    const oid = await commit({
      "infra/index.ts": "1",
      "infra/lib/a.ts": "2",
      "infra/Pulumi.dev.yaml": values(2),
      ".github/pulumiscale.yml": "ledger: attested\n",
    });
    await writeFile(join(root, "infra/Pulumi.dev.yaml"), values(9));
    const read = await forge.readHead(place(), []);
    expect(read.headOid).toBe(oid);
    expect(read.head.stackFile).toEqual({ kind: "text", text: values(2) });
    expect([...read.head.folders.keys()]).toEqual(["infra"]);
    expect(Object.fromEntries(read.head.folders.get("infra") ?? [])).toEqual({
      "index.ts": await git("rev-parse", "HEAD:infra/index.ts"),
      lib: await git("rev-parse", "HEAD:infra/lib"),
      "Pulumi.dev.yaml": await git("rev-parse", "HEAD:infra/Pulumi.dev.yaml"),
    });
    expect(read.ledger).toEqual({
      headOid: null,
      text: null,
      earlier: [],
      repositoryNumber: "",
      repositoryFile: { kind: "text", text: "ledger: attested\n" },
    });
  });

  it("has the folders on the way to a stack file that is kept elsewhere", async () => {
    await commit({ "Pulumi.yaml": "name: shop\n", "config/stacks/Pulumi.dev.yaml": values(2) });
    const at = place({ dir: ".", stackFilePath: "config/stacks/Pulumi.dev.yaml" });
    const { head } = await forge.readHead(at, []);
    expect([...head.folders.keys()]).toEqual([".", "config", "config/stacks"]);
    expect(head.stackFile).toEqual({ kind: "text", text: values(2) });
  });

  it("has the other commits, and null for those that are not there, have no such folder, or are no commit", async () => {
    const bare = await commit({ "README.md": "infra" });
    const first = await commit({ "infra/Pulumi.dev.yaml": values(1) });
    await commit({ "infra/Pulumi.dev.yaml": values(2) });
    const { others } = await forge.readHead(place(), [first, bare, NOBODY, "--all", "HEAD", "main", first]);
    expect(others.get(first)).toMatchObject({ stackFile: { text: values(1) } });
    expect([...others].filter(([, state]) => state === null).map(([oid]) => oid)).toEqual([
      bare,
      NOBODY,
      "--all",
      "HEAD",
      "main",
    ]);
  });

  it("reads a folder of odd names", async () => {
    const dir = "an odd\nname: ünïcode 'x' missing";
    await commit({ [`${dir}/Pulumi.dev.yaml`]: values(4), [`${dir}/a\n0 b`]: "1" });
    const at = place({ dir, stackFilePath: `${dir}/Pulumi.dev.yaml` });
    const { head } = await forge.readHead(at, [NOBODY]);
    expect(head.stackFile).toEqual({ kind: "text", text: values(4) });
    expect([...(head.folders.get(dir)?.keys() ?? [])]).toEqual(["Pulumi.dev.yaml", "a\n0 b"]);
    const missing = place({ dir: `${dir}2`, stackFilePath: `${dir}2/x` });
    await expect(forge.readHead(missing, [])).rejects.toMatchObject({ code: "not-found" });
  });

  it("tells what is no text of a stack file: missing, a folder, not UTF-8, too large", async () => {
    await commit({ "infra/index.ts": "1" });
    const file = async () => (await forge.readHead(place(), [])).head.stackFile;
    expect(await file()).toEqual({ kind: "missing" });
    await commit({ "infra/Pulumi.dev.yaml": new Uint8Array([0xff, 0xfe, 0x00]) });
    expect(await file()).toMatchObject({ kind: "unreadable" });
    await commit({ "infra/Pulumi.dev.yaml": "#".repeat(1_000_001) });
    expect(await file()).toMatchObject({ kind: "unreadable" });
    await commit({ "infra/Pulumi.dev.yaml": null, "infra/Pulumi.dev.yaml/a": "1" });
    expect(await file()).toEqual({ kind: "missing" });
  });

  it("is an error with a sentence where the branch or the folder is not there", async () => {
    await expect(forge.readHead(place(), [])).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("The branch main has no commit"),
    });
    await commit({ "README.md": "infra" });
    await expect(forge.readHead(place(), [])).rejects.toThrow("There is no directory infra on main");
    await rm(join(root, ".git"), { recursive: true });
    await expect(forge.readHead(place(), [])).rejects.toMatchObject({ code: "not-found" });
  });

  it("is read again where the branch moved in the middle of it", async () => {
    await commit({ "infra/Pulumi.dev.yaml": values(1) });
    const two = await commit({ "infra/Pulumi.dev.yaml": values(2) });
    await git("update-ref", "refs/heads/main", "HEAD~1");
    const bin = join(root, ".git", "bin");
    await mkdir(bin);
    const { stdout } = await run("sh", ["-c", "command -v git"]);
    const script = `#!/bin/sh
real=${stdout.trim()}
[ "$1" = cat-file ] && [ ! -e ${bin}/moved ] || exec $real "$@"
touch ${bin}/moved
cat > ${bin}/input
{ head -z -n 1 ${bin}/input; sleep 0.5; $real update-ref refs/heads/main ${two}; tail -z -n +2 ${bin}/input; } | $real "$@"
`;
    await writeFile(join(bin, "git"), script, { mode: 0o755 });
    const moved = new LocalApplyForge(
      { git: new Git({ ...environment, PATH: `${bin}:${process.env.PATH}` }), root },
      ledger,
    );
    const { headOid, head } = await moved.readHead(place(), []);
    expect([headOid, head.stackFile]).toEqual([two, { kind: "text", text: values(2) }]);
  });

  it("is read of one commit, however often the branch moves meanwhile", async () => {
    const one = await commit({ "infra/Pulumi.dev.yaml": values(1), "infra/version": "1" });
    const two = await commit({ "infra/Pulumi.dev.yaml": values(2), "infra/version": "2" });
    const end = new AbortController();
    const moving = (async () => {
      while (!end.signal.aborted)
        for (const oid of [one, two]) await git("update-ref", "refs/heads/main", oid);
    })();
    for (let reads = 0; reads < 25; reads += 1) {
      const { headOid, head } = await forge.readHead(place(), []);
      expect(head.stackFile).toEqual({ kind: "text", text: values(headOid === one ? 1 : 2) });
    }
    end.abort();
    await moving;
  });
});

describe("the history", () => {
  it("has the commits that touched the stack file since, newest first, with messages as they are", async () => {
    const since = await commit({ "infra/Pulumi.dev.yaml": values(1) });
    const message = "scale(shop.dev): web 1 → 2\n\nA body.\n\nPulumiscale-Stack: shop.dev\n";
    const two = await commit({ "infra/Pulumi.dev.yaml": values(2) }, message);
    await commit({ "infra/index.ts": "1" });
    const three = await commit({ "infra/Pulumi.dev.yaml": values(3) }, "by hand");
    const read = await forge.readHistory(place(), three, since, [two, NOBODY]);
    expect(read.isComplete).toBe(true);
    expect(read.commits).toEqual([
      { oid: three, message: "by hand\n", stackFile: { kind: "text", text: values(3) } },
      { oid: two, message, stackFile: { kind: "text", text: values(2) } },
    ]);
    expect(read.states.get(two)).toMatchObject({ stackFile: { text: values(2) } });
    expect(read.states.get(NOBODY)).toBeNull();
    expect(await forge.readHistory(place(), three, three, [])).toMatchObject({
      commits: [],
      isComplete: true,
    });
  });

  it("has what a merge brought in, though it is older than the commits before it", async () => {
    const base = await commit({ "infra/Pulumi.dev.yaml": values(1), "infra/b": "1" });
    await git("switch", "--quiet", "--create", "side");
    const side = await commit({ "infra/Pulumi.dev.yaml": values(5) });
    await git("switch", "--quiet", "main");
    const since = await commit({ "infra/b": "2" });
    await git("merge", "--quiet", "--no-ff", "--message", "merge", "side");
    const head = await git("rev-parse", "HEAD");
    const read = await forge.readHistory(place(), head, since, []);
    expect(read.commits.map(({ oid }) => oid)).toEqual([side]);
    expect(read.isComplete).toBe(true);
    expect((await forge.readHistory(place(), head, base, [])).commits).toHaveLength(1);
  });

  it.each(["0".repeat(40), NOBODY, "unknown", "--output=/tmp/x", "HEAD", ""])(
    "is not complete since %s, which is no commit",
    async (since) => {
      const head = await commit({ "infra/Pulumi.dev.yaml": values(1) });
      expect(await forge.readHistory(place(), head, since, [])).toMatchObject({
        commits: [{ oid: head }],
        isComplete: false,
      });
    },
  );

  it("is not complete beyond fifty commits", async () => {
    const since = await commit({ "infra/Pulumi.dev.yaml": values(0) });
    let head = since;
    for (let web = 1; web <= 50; web += 1) head = await commit({ "infra/Pulumi.dev.yaml": values(web) });
    const read = await forge.readHistory(place(), head, since, []);
    expect([read.commits.length, read.isComplete]).toEqual([50, true]);
    head = await commit({ "infra/Pulumi.dev.yaml": values(51) });
    const more = await forge.readHistory(place(), head, since, []);
    expect([more.commits.length, more.isComplete]).toEqual([50, false]);
    expect(more.commits[0]?.stackFile).toEqual({ kind: "text", text: values(51) });
  }, 30_000);

  it("takes a path for what it is", async () => {
    const at = place({ dir: ".", stackFilePath: ":(glob)**[a].yaml" });
    await commit({ "other.yaml": "1" });
    const head = await commit({ ":(glob)**[a].yaml": values(1) });
    const read = await forge.readHistory(at, head, NOBODY, []);
    expect(read.commits).toMatchObject([{ oid: head, stackFile: { text: values(1) } }]);
  });
});

describe("the ledger", () => {
  it("is read as it was written, and written only over what was read", async () => {
    await commit({ "infra/Pulumi.dev.yaml": values(1) });
    const write = (expectedHeadOid: string | null, text: string) =>
      forge.commitToLedger(place(), { expectedHeadOid, path: "stacks/x.json", text, headline: "", body: "" });
    await write(null, ENTRY);
    const read = await forge.readLedger(place());
    expect(read).toMatchObject({
      text: ENTRY,
      earlier: [],
      repositoryNumber: "",
      repositoryFile: { kind: "missing" },
    });
    expect((await forge.readHead(place(), [])).ledger).toEqual(read);
    await expect(write(null, ENTRY)).rejects.toMatchObject({ code: "conflict" });
    await write(read.headOid, ENTRY.replace("3", "4"));
    await expect(write(read.headOid, ENTRY)).rejects.toMatchObject({ code: "conflict" });
  });

  it("lists its stacks, with the stack file where the project file says it is", async () => {
    await commit({ "infra/Pulumi.yml": "name: shop\nstackConfigDir: stacks\n" });
    await ledger.write("shop.dev", ENTRY, null);
    await ledger.write("other", ENTRY.replace('"infra"', '"."'), null);
    const repository = { owner: "local", repo: "work", baseBranch: "main" };
    expect(await forge.listStacks(repository)).toEqual([
      {
        place: { ...repository, alias: "other", dir: ".", stackFilePath: "Pulumi.dev.yaml" },
        entry: expect.any(String),
      },
      {
        place: {
          ...repository,
          alias: "shop.dev",
          dir: "infra",
          stackFilePath: "infra/stacks/Pulumi.dev.yml",
        },
        entry: ENTRY,
      },
    ]);
  });
});

describe("whether a commit has another", () => {
  it("is so of itself and its ancestors, and not of what is no commit", async () => {
    const one = await commit({ a: "1" });
    const two = await commit({ a: "2" });
    expect(await forge.includes(place(), two, one)).toBe(true);
    expect(await forge.includes(place(), one, one)).toBe(true);
    expect(await forge.includes(place(), one, two)).toBe(false);
    expect(await forge.includes(place(), one, "HEAD")).toBe(false);
    await expect(forge.includes(place(), one, NOBODY)).rejects.toThrow(ForgeError);
  });

  it("a symbolic link for a stack file is not followed out of the repository", async () => {
    await mkdir(join(root, "infra"));
    await symlink("/etc/hostname", join(root, "infra/Pulumi.dev.yaml"));
    await commit({});
    expect((await forge.readHead(place(), [])).head.stackFile).toEqual({
      kind: "text",
      text: "/etc/hostname",
    });
  });
});
