import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askToScale, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { breakGroup } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

/** Red, another title of the window, a line that overwrites the one before, and a text that reads from right to left. */
const MOVES = "\u001b[31mred\u001b[0m \u001b]0;title\u0007 over\rwritten \u202eesrever";

let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  serve = await startServe(program);
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

test("what a provider says moves no terminal, and stays to be read", async () => {
  const { mend } = breakGroup(program, "fragile", `the quota is used up ${MOVES}`);
  const { operation } = await scaleToEnd(serve, "/scale/fragile", { value: 8 });
  const line = await serve.waitForLine(/^fragile 3 → 8 failed/);
  const runs = [await program.cli(["scale", "steady", "2", "--apply"]), await program.cli(["up"])];
  mend();
  const told = [line, operation.pools[0]?.message ?? "", ...runs.map((run) => run.stdout + run.stderr)];
  for (const text of told) {
    expect(text).toContain("the quota is used up");
    expect(text).not.toMatch(/[^\P{Cc}\n\t]|\u202e/u);
  }
}, 90_000);

describe("a secret", () => {
  test("in an alert's own text reaches no commit", async () => {
    const alert = {
      status: "firing",
      labels: { pool: "steady", alertname: `Busy ${program.secret}` },
      annotations: { summary: program.secret },
      startsAt: "2026-11-01T00:00:00Z",
      fingerprint: "0123456789abcdef",
    };
    const body = { version: "4", status: "firing", groupKey: "busy", alerts: [alert] };
    const result = await askToScale(serve, "/webhook/prometheus", body);
    expect(result.kind).toBe("scale");
    const message = await program.git("log", "-1", "--format=%B", result.commit ?? "");
    expect(message).toContain("Busy");
    expect(message).not.toContain(program.secret);
  }, 60_000);

  test("that a hook prints reaches no answer", async () => {
    const hook = join(program.repository, ".git/hooks/pre-commit");
    await writeFile(hook, `#!/bin/sh\necho 'it is ${program.secret}' >&2\nexit 1\n`, { mode: 0o755 });
    const { status, text } = await serve.request("POST", "/scale/slow", { value: 5 });
    expect(status).toBe(503);
    expect(text).toContain("hook refused the commit. It says: it is");
    expect(text).not.toContain(program.secret);
  });
});
