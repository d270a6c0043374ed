import { readFileSync } from "node:fs";

/**
 * What a person may have written into the stack file of each program of fixtures/programs. `directory` is the folder where the
 * program keeps what it scales.
 */
export const stackTexts = {
  "node-workers": (directory: string) =>
    `config:\n  # How many workers run.\n  fleet:workerCount: "2"\n  fleet:directory: ${JSON.stringify(directory)}\n`,
  "yaml-stash": () =>
    'config:\n  shop:webCount: "3" # the shop window\n  shop:queueCount: 5\n  shop:idleCount: 1\n',
  "yaml-pace": (directory: string) =>
    `config:\n  pace:directory: ${JSON.stringify(directory)}\n  pace:steadyCount: "1"\n  pace:slowCount: 2\n  pace:fragileCount: 3\n`,
  "node-pools": () =>
    "config:\n  pools:steadyCount: 2\n  pools:fragileCount: 2\n  pools:slowCount: 2\n  pools:tierCount: 2\n  pools:goneCount: 2\n",
  "yaml-nested": () =>
    readFileSync(new URL("../../../fixtures/programs/yaml-nested/Pulumi.dev.yaml", import.meta.url), "utf8"),
} satisfies Record<string, (directory: string) => string>;

export type FixtureProgram = keyof typeof stackTexts;
