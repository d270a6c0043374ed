import { statSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import { type ControlsScope, controlsPath } from "../domain/controls.ts";
import type { StackNames } from "../domain/names.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import type { ControlsCommit, ControlsForge, ControlsPlace, ControlsRead } from "./controls-forge.ts";
import { withFileLock } from "./file-lock.ts";
import { folderError } from "./folder-error.ts";
import { makeStateFolder, readDiskFile, replaceFile } from "./folder-file.ts";
import { ForgeError } from "./forge.ts";

/** Pauses and pins of a stack that is scaled on this machine: files in the state folder, beside its ledger entry. */
export class LocalControls implements ControlsForge {
  readonly #stateDir: string;
  readonly #clock: Clock;

  constructor(stateDir: string, clock: Clock) {
    this.#stateDir = stateDir;
    this.#clock = clock;
  }

  async readControls(_place: ControlsPlace, scope: ControlsScope): Promise<ControlsRead> {
    const { file, id } = await readControlsFile(this.#stateDir, scope);
    return { file, version: file.kind === "missing" ? null : id };
  }

  /** It is on the disk when this answers. */
  async commitControls(
    _place: ControlsPlace,
    scope: ControlsScope,
    { expectedVersion, text }: ControlsCommit,
  ): Promise<void> {
    const path = join(this.#stateDir, controlsPath(scope));
    await makeStateFolder(this.#stateDir);
    await makeFolder(dirname(path));
    await withFileLock(`${path}.lock`, this.#clock, async (stillHeld) => {
      const standing = await this.readControls(_place, scope);
      if (standing.version !== expectedVersion)
        throw new ForgeError("conflict", `${path} was written by another process meanwhile.`);
      await stillHeld();
      await replaceFile(path, text, 0o600);
    });
  }
}

/**
 * Both files that a stack's decisions obey; what was paused or pinned under a former name holds until a file of the name of now says
 * anything. Throws `ForgeError`.
 */
export async function readLocalControls(
  stateDir: string,
  { alias, formerAliases = [] }: StackNames,
): Promise<Snapshot["controls"]> {
  const repository = await readControlsFile(stateDir, { kind: "repository" });
  for (const name of [alias, ...formerAliases]) {
    const stack = await readControlsFile(stateDir, { kind: "stack", alias: name });
    if (stack.file.kind !== "missing") return { repository: repository.file, stack: stack.file };
  }
  return { repository: repository.file, stack: { kind: "missing" } };
}

/**
 * Another text as soon as one of those files is written, made or gone: what somebody has just paused is not scaled a moment later by what
 * was read before. As quick as a `stat` of each.
 */
export function stampLocalControls(stateDir: string, { alias, formerAliases = [] }: StackNames): string {
  const stacks = [alias, ...formerAliases].map((name): ControlsScope => ({ kind: "stack", alias: name }));
  const scopes: ControlsScope[] = [{ kind: "repository" }, ...stacks];
  return scopes.map((scope) => stampFile(join(stateDir, controlsPath(scope)))).join("\n");
}

function stampFile(path: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    // It is not there, or whoever reads it will say why that cannot be.
    return "";
  }
}

function readControlsFile(stateDir: string, scope: ControlsScope) {
  return readDiskFile(join(stateDir, controlsPath(scope)));
}

/** A link instead of the folder would lead what is written to another place. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if ((await lstat(path)).isDirectory()) return;
  } catch (error) {
    throw folderError(error, "made", path);
  }
  throw new ForgeError("forbidden", `${path} is no folder of its own. Move it away.`);
}
