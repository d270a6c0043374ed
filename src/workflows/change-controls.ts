import { setTimeout as sleep } from "node:timers/promises";
import { formatControls, parseControls } from "../domain/controls.ts";
import {
  type ControlsChange,
  editControls,
  formatControlsMessage,
  scopeOf,
} from "../domain/controls-change.ts";
import { describeHold } from "../domain/hold-of.ts";
import type { StackFile } from "../domain/snapshot.ts";
import type { ControlsForge, ControlsPlace } from "../forge/controls-forge.ts";
import { ForgeError } from "../forge/forge.ts";
import { TryAgainError } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** How often a lost compare-and-swap is read and edited again. */
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 100;

/** What became of the file. */
export type ControlsChanged =
  /** `replaced`: what somebody had said before and holds no more, as sentences. */
  | { kind: "changed"; replaced: string[] }
  /** It says so already. */
  | { kind: "unchanged" }
  | { kind: "refused"; message: string };

/**
 * Writes a pause, a pin or the end of them into the ledger by compare-and-swap; what others have said meanwhile stays. Throws
 * `TryAgainError` where it may work later, and where what stands there cannot be read. `formerAliases` are of the one stack that it is
 * about: what was said under them goes into the new file.
 */
export async function changeControls(
  forge: ControlsForge,
  place: ControlsPlace,
  change: ControlsChange,
  formerAliases: readonly string[] = [],
): Promise<ControlsChanged> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await changeOnce(forge, place, change, formerAliases);
    } catch (error) {
      const isConflict = error instanceof ForgeError && error.code === "conflict";
      if (!isConflict || attempt === ATTEMPTS) throw toTryAgain(error);
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

async function changeOnce(
  forge: ControlsForge,
  place: ControlsPlace,
  change: ControlsChange,
  formerAliases: readonly string[] = [],
): Promise<ControlsChanged> {
  const scope = scopeOf(change);
  const { file: own, version } = await forge.readControls(place, scope);
  const file =
    own.kind === "missing" && scope.kind === "stack" ? await readFormer(forge, place, formerAliases) : own;
  const parsed = parseControls(file, scope);
  // It may be a newer version's: nothing of ours overwrites it.
  if (parsed.kind === "unreadable") throw new TryAgainError(parsed.message, 60);
  const edited = editControls(parsed, change);
  if (edited.kind === "unchanged") return edited;
  if (edited.kind !== "edited") return { kind: "refused", message: edited.message };
  const text = formatControls(edited.holds);
  await forge.commitControls(place, scope, {
    expectedVersion: version,
    text,
    ...formatControlsMessage(change),
  });
  const replaced = edited.replaced.map((hold) => describeHold({ ...hold, in: scope.kind }));
  return { kind: "changed", replaced };
}

/** The first file under a former name that is there. */
async function readFormer(
  forge: ControlsForge,
  place: ControlsPlace,
  formerAliases: readonly string[],
): Promise<StackFile> {
  for (const alias of formerAliases) {
    const { file } = await forge.readControls(place, { kind: "stack", alias });
    if (file.kind !== "missing") return file;
  }
  return { kind: "missing" };
}
