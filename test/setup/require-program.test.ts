import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { requireProgram } from "./require-program.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "require-program-"));
  vi.stubEnv("PATH", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
const skip = (note: string): never => {
  throw new Error(`skipped: ${note}`);
};

test("a program that is there, under any of its names", () => {
  symlinkSync(process.execPath, path.join(folder, "alertmanager"));
  expect(requireProgram("alertmanager", skip)).toBe(path.join(folder, "alertmanager"));
});

test("a missing program skips the test, and says how to install it", () => {
  vi.stubEnv("CI", "");
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(() => requireProgram("alertmanager", skip)).toThrow(/^skipped: .*npm run setup/);
  expect(stderr).toHaveBeenCalledWith(
    expect.stringContaining("SKIPPED: alertmanager is not on this machine"),
  );
  stderr.mockRestore();
});

test("on CI a missing program is a failure", () => {
  vi.stubEnv("CI", "true");
  expect(() => requireProgram("alertmanager", skip)).toThrow(/^alertmanager is not on this machine/);
});
