import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { PulumiMissingError } from "../../src/apply/pulumi-errors.ts";
import { readWebhookSecrets } from "../../src/apply/webhook-secrets.ts";

const SECRET = "a-webhook-secret-of-more-than-32-characters";

test("no file holds a decrypted value at any moment, so that a killed job leaves none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webhook-secrets-"));
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const config = JSON.stringify({ "pulumiscale:webhook-secret": { value: SECRET, secret: true } });
  // Stands for the CLI, and looks around once it has printed its answer.
  const script = `#!/bin/sh\necho '${config}'\ngrep -rl '${SECRET}' '${temporary}' > '${folder}/found'\nexit 0\n`;
  await writeFile(join(folder, "pulumi"), script);
  await chmod(join(folder, "pulumi"), 0o755);
  vi.stubEnv("TMPDIR", temporary);
  try {
    const environment = { PATH: `${folder}:${process.env.PATH}` };
    expect(await readWebhookSecrets("dev", { workDir: folder, environment })).toEqual([SECRET]);
    expect(await readFile(join(folder, "found"), "utf8")).toBe("");
  } finally {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  }
});

test("without a CLI it is told so", async () => {
  const reading = readWebhookSecrets("dev", { workDir: tmpdir(), environment: { PATH: "/nowhere" } });
  await expect(reading).rejects.toThrow(PulumiMissingError);
});
