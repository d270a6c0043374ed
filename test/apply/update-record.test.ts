import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PulumiMissingError } from "../../src/apply/pulumi-errors.ts";
import { runPulumi } from "../../src/apply/pulumi-process.ts";
import { readUpdateRecords, UpdateRecordError } from "../../src/apply/update-record.ts";

// A shell script stands where Pulumi does: it tells what it was started with, and ends as it is told.

let root: string;
let recordFolder: string;
let environment: Record<string, string | undefined>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pulumiscale-records-"));
  recordFolder = join(root, "state", "updates", "pools.dev");
  const bin = join(root, "bin");
  await mkdir(bin);
  const script = [
    "#!/bin/sh",
    `cat "$RECORDS"/*.json > "$SEEN/record" 2> /dev/null`,
    'echo "$$" > "$SEEN/pid"; echo "$PULUMISCALE_RUN" > "$SEEN/run"; printf "%s\\n" "$@" > "$SEEN/args"; cat > "$SEEN/stdin"',
    'eval "$THEN"',
  ].join("\n");
  await writeFile(join(bin, "pulumi"), script);
  await chmod(join(bin, "pulumi"), 0o755);
  const PATH = `${bin}${delimiter}${process.env.PATH}`;
  environment = { PATH, RECORDS: recordFolder, SEEN: root, THEN: "echo done" };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const UP = ["up", "--yes", "--stack", "dev", "--message", "a  'quoted' $HOME `word`\nof two lines"];
const seen = (name: string) => readFile(join(root, name), "utf8");
const up = (changes: Parameters<typeof runPulumi>[1] | object = {}, args = UP) =>
  runPulumi(args, { workDir: root, environment, recordFolder, ...changes }, "with-events");

describe("an update", () => {
  it("is on record with its own process id before Pulumi begins, and no longer when it has ended", async () => {
    const run = await up();
    expect(run).toMatchObject({ exitCode: 0, stdout: "done\n" });
    const record = JSON.parse(await seen("record"));
    expect(record).toMatchObject({
      process: { host: hostname(), pid: Number(await seen("pid")) },
      run: (await seen("run")).trim(),
      command: "up",
      stack: "dev",
      eventLog: expect.stringMatching(/pulumiscale-run-\w+\/events$/),
    });
    expect(await readdir(recordFolder)).toEqual([]);
  });

  it("reaches Pulumi with its words as they were, and nothing on stdin", async () => {
    await up();
    expect(await seen("args")).toContain(`${UP.join("\n")}\n--event-log\n`);
    expect(await seen("stdin")).toBe("");
  });

  it("is not begun where its record cannot be written", async () => {
    await writeFile(join(root, "state"), "a file where a folder should be");
    await expect(up()).rejects.toThrow(UpdateRecordError);
    await expect(seen("pid")).rejects.toThrow("ENOENT");
  });

  it("is not begun where it names no stack, whose lock could not be found again", async () => {
    await expect(up({}, ["up", "--yes"])).rejects.toThrow("--stack");
    await expect(seen("pid")).rejects.toThrow("ENOENT");
  });

  it("is on record in a file that only its owner may read, and in the answer of nobody else", async () => {
    const slow = up({ environment: { ...environment, THEN: "sleep 1" } });
    await expect.poll(() => readUpdateRecords(recordFolder).catch(() => [])).toHaveLength(1);
    const [found] = await readUpdateRecords(recordFolder);
    expect((await stat(found?.path ?? "")).mode & 0o777).toBe(0o600);
    await slow;
  });

  it("leaves its record where Pulumi was killed or has panicked, and takes it away where it has failed", async () => {
    await up({ environment: { ...environment, THEN: "echo error: no >&2; exit 255" } });
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
    expect((await up({ environment: { ...environment, THEN: 'kill -9 "$$"' } })).exitCode).toBe(128);
    expect(await readUpdateRecords(recordFolder)).toHaveLength(1);
    await up({
      environment: { ...environment, THEN: 'printf "panic: x\\n\\ngoroutine 1 [running]:\\n" >&2; exit 2' },
    });
    expect(await readUpdateRecords(recordFolder)).toHaveLength(2);
  });

  it("of which there are two has two records", async () => {
    const both = [
      up({ environment: { ...environment, THEN: "sleep 1" } }),
      up({ environment: { ...environment, THEN: "sleep 1" } }),
    ];
    await expect.poll(() => readUpdateRecords(recordFolder).catch(() => [])).toHaveLength(2);
    await Promise.all(both);
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
  });

  it("where Pulumi is missing says so, and leaves no record", async () => {
    const bare = join(root, "bare");
    await mkdir(bare);
    await expect(up({ environment: { ...environment, PATH: bare } })).rejects.toThrow(PulumiMissingError);
    await expect(up({ workDir: join(root, "missing") })).rejects.toThrow(PulumiMissingError);
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
  });

  it("that is interrupted before it began ends, and leaves no running Pulumi", async () => {
    const interrupt = new AbortController();
    const running = up({ signal: interrupt.signal, environment: { ...environment, THEN: "sleep 20" } });
    interrupt.abort();
    expect((await running).exitCode).not.toBe(0);
  });
});

describe("no record is kept", () => {
  it.each([["preview"], ["stack"]])("of a %s, which locks nothing", async (command) => {
    await up({}, [command, "--stack", "dev"]);
    expect(await seen("record")).toBe("");
    expect(await readdir(recordFolder)).toEqual([]);
  });

  it("where no folder is given", async () => {
    await runPulumi(UP, { workDir: root, environment });
    expect(await seen("record")).toBe("");
    expect((await seen("run")).trim()).toBe("");
  });
});

describe("the records of a folder", () => {
  it("are none where there is no folder, and null where a file is none", async () => {
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
    await mkdir(recordFolder, { recursive: true });
    const texts = ["", "{", "null", JSON.stringify({ schemaVersion: 2 }), " ".repeat(100_000)];
    await Promise.all(texts.map((text, at) => writeFile(join(recordFolder, `${at}.json`), text)));
    await writeFile(join(recordFolder, "README"), "no record");
    const found = await readUpdateRecords(recordFolder);
    expect(found.map(({ record }) => record)).toEqual(texts.map(() => null));
  });

  it("that were half written are cleared away once nobody can be writing them", async () => {
    await mkdir(recordFolder, { recursive: true });
    const [old, young] = [join(recordFolder, "a.json.tmp"), join(recordFolder, "b.json.tmp")];
    await Promise.all([writeFile(old, "{"), writeFile(young, "{")]);
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(old, hourAgo, hourAgo);
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
    expect(await readdir(recordFolder)).toEqual(["b.json.tmp"]);
  });
});
