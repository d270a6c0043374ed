import { randomBytes } from "node:crypto";
import { access, constants, link, lstat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { moveDurably, syncFolder, writeDurably } from "../durable-file.ts";
import type { CreatedApp } from "../forge/github-app-manifest.ts";
import { UsageError } from "./usage-error.ts";

/** What may become of a file that stands there already. */
export type Overwriting = "refused" | "forced";

/**
 * Looks whether the credentials can be written there, before there are any: GitHub hands them out once. Throws `UsageError`.
 */
export async function checkCredentialsFile(path: string, overwriting: Overwriting): Promise<void> {
  const full = resolve(path);
  const found = await lstat(full).catch(() => null);
  if (found !== null && overwriting === "refused")
    throw new UsageError(
      `${path} is there already, and nothing of it is overwritten. Give another --out, or --force.`,
    );
  if (found?.isDirectory() === true)
    throw new UsageError(`${path} is a folder. Give the name of a file as --out.`);
  try {
    await access(dirname(full), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`No file can be made in ${dirname(full)}. Give another --out.`, { cause: error });
  }
}

/**
 * Writes the credentials for `pulumiscale app`: whole or not at all, for nobody else to read. Where the file cannot get its name, the
 * error says under which one the credentials are.
 */
export async function writeCredentialsFile(
  path: string,
  text: string,
  overwriting: Overwriting,
): Promise<void> {
  const full = resolve(path);
  const folder = dirname(full);
  const written = join(folder, `.${basename(full)}.${randomBytes(6).toString("hex")}`);
  await writeDurably(written, text, { mode: 0o600 });
  try {
    if (overwriting === "forced") await moveDurably(written, full);
    else {
      // Unlike a rename, a link never takes the place of what somebody has put there meanwhile.
      await link(written, full);
      await unlink(written);
      await syncFolder(folder);
    }
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Error(
      `The credentials could not be written as ${path} (${why}). They are in ${written}: move them yourself.`,
      { cause: error },
    );
  }
}

/**
 * The settings of `pulumiscale app` as lines that a shell, `node --env-file`, systemd and `docker compose` read alike: the key stands in
 * one line, with its line ends written out.
 */
export function formatCredentials(
  { appId, privateKey, webhookSecret }: Pick<CreatedApp, "appId" | "privateKey"> & { webhookSecret: string },
  apiUrl: string,
): string {
  const lines = [
    "# The credentials of the GitHub App. Keep this file out of git.",
    `APP_ID=${appId}`,
    `WEBHOOK_SECRET=${quote(webhookSecret)}`,
    `PRIVATE_KEY=${quote(privateKey.trim().replace(/\r?\n/g, "\\n"))}`,
    ...(apiUrl === "https://api.github.com" ? [] : [`GITHUB_API_URL=${quote(apiUrl)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** What has nothing in it that double quotes leave a meaning. */
const PLAIN = /^(?:[\w .,:/+=@%~-]|\\n)*$/;

function quote(value: string): string {
  if (/^[\w./:@%+=~-]+$/.test(value)) return value;
  if (!PLAIN.test(value))
    throw new Error(
      "GitHub's credentials have signs in them that no settings file can hold. Delete the App on GitHub and start again.",
    );
  return `"${value}"`;
}
