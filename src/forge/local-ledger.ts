import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import type { DeployPlace } from "../apply/apply-forge.ts";
import { type Clock, systemClock } from "../clock.ts";
import { nullIfMissing } from "../domain/missing-file.ts";
import { Alias } from "../domain/names.ts";
import { moveDurably, writeDurably } from "../durable-file.ts";
import { parseEntry } from "../ledger/entry.ts";
import { withFileLock } from "./file-lock.ts";
import { ForgeError } from "./forge.ts";
import { readFormerLocalEntry } from "./former-local-entry.ts";

/** A ledger entry's file as it stands: `id` is of its content; both null where there is none. */
export type LedgerFile = { text: string | null; id: string | null };

/** More than any contract needs: what is larger is no entry of ours. */
const LARGEST_BYTES = 8_000_000;

/**
 * The ledger of the stacks that are scaled on this machine: a file for each, `<stateDir>/stacks/<alias>.json`, which only
 * its owner may read. Every method throws `ForgeError`: `forbidden` where what stands there is not an entry of this
 * version (it is left alone), or a link or a folder.
 */
export class LocalLedger {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(stateDir: string, clock: Clock = systemClock) {
    this.#folder = join(stateDir, "stacks");
    this.#clock = clock;
  }

  /** Where the stack's entry stands. */
  pathOf(alias: string): string {
    return join(this.#folder, `${Alias.parse(alias)}.json`);
  }

  async read(alias: string): Promise<LedgerFile> {
    const path = this.pathOf(alias);
    const text = await doing(`read ${path}`, async () => {
      await this.#checkFolder();
      return readOwnFile(path);
    });
    if (text === null) return { text, id: null };
    const parsed = parseEntry(text);
    if (parsed.kind === "newer") {
      throw new ForgeError(
        "forbidden",
        `${path} was written by a newer version (schemaVersion ${parsed.schemaVersion}), so it is left alone. Update pulumiscale.`,
      );
    }
    if (parsed.kind === "bad") {
      throw new ForgeError(
        "forbidden",
        `${path} is not readable (${parsed.message}), so it is left alone. Move it away: what is applied is then read from Pulumi's own update history.`,
      );
    }
    return { text, id: idOf(text) };
  }

  /**
   * The stack's entry, or what it has left under a former name, which has no `id`: what is written next stands under the name of now.
   */
  async readStack(place: DeployPlace): Promise<LedgerFile> {
    const own = await this.read(place.alias);
    if (own.text !== null) return own;
    const read = async (alias: string) => (await this.read(alias)).text;
    const text = await readFormerLocalEntry(place, read, ({ dir, stack }) => isAt(place, dir, stack));
    return { text, id: null };
  }

  /** Compare-and-swap: the file must be the one of `expectedId`, or null for none. Throws `conflict` where it is not. */
  async write(alias: string, text: string, expectedId: string | null): Promise<void> {
    const path = this.pathOf(alias);
    await doing(`write ${path}`, async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#checkFolder();
      await withFileLock(join(this.#folder, `${alias}.lock`), this.#clock, async (stillHeld) => {
        const standing = await readOwnFile(path);
        if ((standing === null ? null : idOf(standing)) !== expectedId)
          throw new ForgeError("conflict", `${path} was written by another process meanwhile.`);
        // No alias begins with a dot, and nobody else is here: what stands there was left by a process that was killed.
        const fresh = join(this.#folder, `.${alias}.json`);
        await rm(fresh, { force: true });
        await writeDurably(fresh, text, { mode: 0o600 });
        await stillHeld();
        await moveDurably(fresh, path);
      });
    });
  }

  /** The aliases of the stacks that have an entry, sorted. */
  async list(): Promise<string[]> {
    return doing(`list ${this.#folder}`, async () => {
      await this.#checkFolder();
      const names = await readdir(this.#folder).catch(nullIfMissing);
      const aliases = (names ?? []).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -5)] : []));
      return aliases.filter((alias) => Alias.safeParse(alias).success).sort();
    });
  }

  /** A link instead of the folder would lead what is written to another place. */
  async #checkFolder(): Promise<void> {
    const folder = await lstat(this.#folder).catch(nullIfMissing);
    if (folder === null || folder.isDirectory()) return;
    throw new ForgeError("forbidden", `${this.#folder} is no folder of its own. Move it away.`);
  }
}

/** Whether the stack's file is this one. */
function isAt(place: DeployPlace, dir: string, stack: string): boolean {
  const names = ["yaml", "yml"].map((extension) => `Pulumi.${stack}.${extension}`);
  return dir === place.dir && names.includes(posix.basename(place.stackFilePath));
}

function idOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Null where there is no file. A link is not followed, and a pipe not waited for. */
async function readOwnFile(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    nullIfMissing,
  );
  if (file === null) return null;
  try {
    const stats = await file.stat();
    const { size } = stats;
    if (!stats.isFile()) throw new ForgeError("forbidden", `${path} is no file. Move it away.`);
    if (size > LARGEST_BYTES)
      throw new ForgeError("forbidden", `${path} has ${size} bytes, so it is no ledger entry. Move it away.`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function doing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ForgeError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ForgeError("unavailable", `Could not ${what}: ${why}. Check the folder and its rights.`, {
      cause: error,
    });
  }
}
