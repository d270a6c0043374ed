import type { ControlsScope } from "../domain/controls.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";

/** The repository that a ledger is of. */
export type ControlsPlace = RepositoryName;

/** A controls file as it stands. */
export type ControlsRead = {
  file: StackFile;
  /** What a write compares with; null where there is nothing yet. */
  version: string | null;
};

export type ControlsCommit = {
  /** Compare-and-swap: what was read has to be the newest. */
  expectedVersion: string | null;
  text: string;
  /** The commit's words, for a place that has commits. */
  headline: string;
  body: string;
};

/** Where pauses and pins are kept: beside the ledger's entries. Every method throws `ForgeError`. */
export interface ControlsForge {
  readControls(place: ControlsPlace, scope: ControlsScope): Promise<ControlsRead>;
  /** Throws a `conflict` where somebody was quicker: read and edit again. */
  commitControls(place: ControlsPlace, scope: ControlsScope, commit: ControlsCommit): Promise<void>;
}
