import { afterAll, beforeAll, expect, test } from "vitest";
import { readOwnContract } from "../../src/apply/read-contract.ts";
import { type Monorepo, openMonorepo } from "./support/open-monorepo.ts";
import { readBackendValues, readStackValues, upTarget, writeStackValues } from "./support/pool-values.ts";

let monorepo: Monorepo;
beforeAll(async () => {
  monorepo = await openMonorepo();
}, 120_000);
afterAll(() => monorepo?.remove());

const expected = {
  "network.dev": { gateways: 1 },
  "network.staging": { gateways: 2 },
  "network.prod": { gateways: 3 },
  "api.dev": { web: 2, jobs: 1 },
  "api.prod": { web: 6, jobs: 3 },
  "edge.dev": { caches: 1 },
  "edge.prod": { caches: 4 },
};

/** What each stack has in its stack file and in the backend. */
async function readAll() {
  const entries = await Promise.all(
    monorepo.programs.map(async (program) => {
      const { contract, warnings } = await readOwnContract(program.stack, program);
      const file = await readStackValues(program, contract);
      const backend = await readBackendValues(program, [...contract.keys()]);
      return [`${program.project}.${program.stack}`, { warnings, file, backend }];
    }),
  );
  return Object.fromEntries(entries);
}

test("seven stacks of three programs are up, in one repository", async () => {
  const all = Object.entries(expected).map(([alias, values]) => [
    alias,
    { warnings: [], file: values, backend: values },
  ]);
  expect(await readAll()).toEqual(Object.fromEntries(all));
  const [first, ...others] = await Promise.all(
    monorepo.programs.map(({ workDir, git }) => git("-C", workDir, "rev-parse", "--show-toplevel")),
  );
  expect(new Set(others)).toEqual(new Set([first]));
}, 60_000);

test("a targeted up reaches its own stack, and none of the same name in another program", async () => {
  const program = monorepo.programs.find(({ project, stack }) => `${project}.${stack}` === "edge.prod");
  if (program === undefined) throw new Error("edge.prod is missing");
  const before = await readAll();
  const { contract } = await readOwnContract("prod", program);
  await writeStackValues(program, contract, { caches: 9 });
  await upTarget(program, contract, "caches");
  const moved = { warnings: [], file: { caches: 9 }, backend: { caches: 9 } };
  expect(await readAll()).toEqual({ ...before, "edge.prod": moved });
  expect(await program.git("status", "--porcelain")).toBe(" M edge/stacks/Pulumi.prod.yaml\n");
}, 60_000);
