import { delimiter } from "node:path";
import { defineConfig } from "vitest/config";
import { cachedFolders } from "./test/setup/ensure.ts";

// The programs that an earlier set-up has cached, so that `vitest` works without `npm test` around it.
const cached = process.env.PULUMISCALE_SET_UP === "done" ? [] : cachedFolders();
const PATH = [...cached, process.env.PATH].join(delimiter);
const env = { PATH, PULUMI_SKIP_UPDATE_CHECK: "true" };

export default defineConfig({
  test: {
    environment: "node",
    reporters: ["default"],
    // Two cores are what CI has.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          env,
          // Many start processes of their own, two files at once, on machines that others use too.
          testTimeout: 30_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          env,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Each starts servers and Pulumi processes of its own: one file at a time, after the others.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
