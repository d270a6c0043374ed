import type { OnConflict, Reference, WriteMode } from "../cluster/cluster.ts";
import type { ActionState } from "./action-state.ts";

/** By what a later change of an object shows. `generation` counts changes of what it is to be; not every kind has it. */
export type Version = { generation: number | null; resourceVersion: string };

/**
 * An object as it stands; `version` and `uid` are null where it is not there. `live` is all of it, `owners` those who have set what the
 * action changes, beside us.
 */
export type Seen = {
  state: ActionState;
  version: Version | null;
  uid: string | null;
  live: unknown;
  owners: readonly string[];
};

/** One action of a plan on one object of a cluster. */
export type Change = {
  /** `Deployment/web`. */
  subject: string;
  /** What is written. */
  reference: Reference;
  /** The workload whose pods it moves; null where there is nothing to wait for. */
  workload: Reference | null;
  /** Throws `ClusterError` `absent` where there is nothing to change. */
  read(): Promise<Seen>;
  /** What the action makes of what stands there. */
  aim(seen: Seen): ActionState;
  /** Writes a state, where the object is still as it was seen. Answers what the API server has made of it, or would. */
  write(to: ActionState, seen: Seen, mode: WriteMode, onConflict: OnConflict): Promise<ActionState>;
};
