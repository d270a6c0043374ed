import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { bundleCli } from "../setup/bundle-cli.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("the package's nodemailer is loaded when it is needed, and is whole", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "bundled-mail-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = await bundleCli(ROOT);
  for (const [name, contents] of files) await writeFile(path.join(folder, name), contents);
  await writeFile(path.join(folder, "package.json"), '{"type":"module"}');
  const mailer = [...files.keys()].filter((name) => /^nodemailer-\w+\.js$/.test(name));
  expect(mailer).toHaveLength(1);
  const { createTransport } = await import(pathToFileURL(path.join(folder, mailer[0] ?? "")).href);
  const sent = await createTransport({ streamTransport: true, buffer: true }).sendMail({ subject: "here" });
  expect(sent.message.toString()).toContain("Subject: here");
});
