import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { initStack } from "./init-stack.ts";
import { commitAll, makeHome } from "./make-home.ts";
import { webhookSecret } from "./open-program.ts";
import { describeProgram, type Program } from "./program.ts";

const pace = fileURLToPath(new URL("../../../fixtures/programs/yaml-pace", import.meta.url));

/** A pool as its contract has it, and the value that a person has put into the stack file. */
export type WrittenPool = {
  /** Ends in `Count`; what is before that is the name of the pool's group. */
  configKey: string;
  value: number;
  /** Over the usual ones: incremental, 0 to 20, no cooldown. Anything may stand there, so that it can be malformed. */
  rules?: Readonly<Record<string, unknown>>;
};
export type WrittenPools = Readonly<Record<string, WrittenPool>>;

const usual = { strategy: "incremental", min: 0, max: 20, cooldown: 0 };

/** The group whose files tell what the pool really has: `<group>.count` in the program's directory. */
export function groupOf({ configKey }: WrittenPool): string {
  return configKey.replace(/Count$/, "");
}

/** The text of a program of groups as fixtures/programs/yaml-pace has them, one for each pool. */
export function writeProgram(pools: WrittenPools): string {
  const all = Object.entries(pools);
  const properties = (configKey: string) => ({ directory: `\${directory}`, count: `\${${configKey}}` });
  return stringify({
    name: "pace",
    runtime: "yaml",
    plugins: { providers: [{ name: "pace", path: "./provider" }] },
    config: {
      directory: { type: "string" },
      ...Object.fromEntries(all.map(([, { configKey }]) => [configKey, { type: "integer" }])),
    },
    resources: Object.fromEntries(
      all.map(([, pool]) => [
        groupOf(pool),
        { type: "pace:index:Group", properties: properties(pool.configKey) },
      ]),
    ),
    outputs: {
      pulumiscale: Object.fromEntries(
        all.map(([name, pool]) => {
          const targetUrn = `\${${groupOf(pool)}.urn}`;
          return [name, { targetUrn, configKey: pool.configKey, ...usual, ...pool.rules }];
        }),
      ),
    },
  });
}

/**
 * Writes a program with these pools and brings it up, with its stack `dev` and all of it committed. `more` are further lines of
 * the stack file's `config`, with their indentation of two.
 */
export async function openWrittenProgram(
  pools: WrittenPools,
  more: readonly string[] = [],
): Promise<Program> {
  const home = await makeHome();
  try {
    const workDir = home.repository;
    await cp(pace, workDir, { recursive: true });
    await writeFile(join(workDir, "Pulumi.yaml"), writeProgram(pools));
    const program = await describeProgram(home, { workDir, stack: "dev", secret: webhookSecret });
    const values = Object.values(pools).map(
      ({ configKey, value }) => `  pace:${configKey}: ${value} # ${configKey}`,
    );
    const lines = ["config:", `  pace:directory: ${JSON.stringify(home.directory)}`, ...values, ...more, ""];
    await initStack(home, {
      ...{ workDir, name: "dev", file: program.stackFile },
      ...{ text: lines.join("\n"), secret: webhookSecret },
    });
    await commitAll(home);
    await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    return program;
  } catch (error) {
    await home.remove();
    throw error;
  }
}
