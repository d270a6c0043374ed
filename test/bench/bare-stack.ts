import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePulumiStack } from "../apply/support/pulumi-stack.ts";

type Values = Readonly<Record<string, string | number>>;

export type BareStack = AsyncDisposable & {
  /** A folder for what the program makes. */
  readonly home: string;
  /** Sets values and runs `pulumi up --target … --skip-preview --yes`; answers how long the process took, in milliseconds. */
  readonly up: (values: Values, targetUrns: readonly string[]) => Promise<number>;
};

/** A program of fixtures/programs in a stack `dev` that is up, without anything of ours: what ours is measured against. */
export async function openBareStack(
  fixture: string,
  valuesFor: (home: string) => Values,
): Promise<BareStack> {
  const home = await mkdtemp(join(tmpdir(), "pulumiscale-bench-"));
  const stack = await makePulumiStack(fixture, valuesFor(home));
  const flags = ["--skip-preview", "--yes", "--stack", stack.name];
  await stack.pulumi("up", ...flags);
  return {
    home,
    up: async (values, targetUrns) => {
      await stack.configure({ ...valuesFor(home), ...values });
      const targets = targetUrns.flatMap((urn) => ["--target", urn]);
      const startedMs = performance.now();
      await stack.pulumi("up", ...targets, ...flags);
      return performance.now() - startedMs;
    },
    [Symbol.asyncDispose]: async () => {
      await stack.remove();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
