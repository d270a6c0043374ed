import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";

const PackageLock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
const { packages } = PackageLock.parse(
  JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")),
);

test("the lock has the packages for every platform, without which npm ci refuses it everywhere", () => {
  // npm leaves out those that a registry does not serve to it: add them as they stand for other versions.
  const missing = Object.entries(packages).flatMap(([place, entry]) =>
    Object.keys(entry.optionalDependencies)
      .filter((name) => !foldersAbove(place).some((folder) => `${folder}node_modules/${name}` in packages))
      .map((name) => `${place} → ${name}`),
  );
  expect(missing).toEqual([]);
});

test("the lock names no host, so that each machine uses the registry that it is configured for", () => {
  const resolved = Object.entries(packages).filter(([, entry]) => entry.resolved?.includes("://"));
  expect(resolved).toEqual([]);
});

/** Where Node looks for what the package at `place` requires: "a/node_modules/b" → that one, "a/" and "". */
function foldersAbove(place: string): string[] {
  const parts = place.split("/node_modules/");
  return [...parts.map((_, index) => `${parts.slice(0, index + 1).join("/node_modules/")}/`), ""];
}
