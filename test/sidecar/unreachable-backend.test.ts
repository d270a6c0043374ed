import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { freePort } from "../world/free-port.ts";
import { failedStart } from "./support/failed-start.ts";
import { openProgram } from "./support/open-program.ts";
import type { Program } from "./support/program.ts";

let program: Program;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-stash" });
}, 60_000);
afterAll(() => program?.remove());

test.concurrent("a backend in a folder that is not there: exit 1, at once, with the folder's name and what to do", async ({
  expect,
}) => {
  const url = `file://${join(program.root, "nowhere")}`;
  const { exitCode, said } = await failedStart(program, [], { PULUMI_BACKEND_URL: url });
  expect([exitCode, said]).toEqual([1, expect.stringMatching(/nowhere.*create it or mount it/)]);
  // Waiting does not make it.
  expect(said).not.toContain("tried again");
}, 90_000);

test.concurrent("an object store that refuses the connection: tried again, told each time, then exit 1", async ({
  expect,
}) => {
  const query = `endpoint=http://127.0.0.1:${await freePort()}&disableSSL=true&s3ForcePathStyle=true&region=eu-test-1`;
  const { exitCode, said } = await failedStart(program, [], {
    PULUMI_BACKEND_URL: `s3://infra?${query}`,
    AWS_ACCESS_KEY_ID: "a-key-for-tests",
    AWS_SECRET_ACCESS_KEY: "a secret key for tests",
    AWS_MAX_ATTEMPTS: "1",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  expect([exitCode, said]).toEqual([1, expect.stringContaining("connection refused")]);
  const waits = [...said.matchAll(/It is tried again in (\d+) s\./g)].map(([, seconds]) => Number(seconds));
  expect(waits).toEqual([1, 2, 4, 8]);
  expect(said).not.toContain("a secret key for tests");
}, 120_000);
