import type { RepositoryName } from "../domain/repository-name.ts";
import type { OpenPull, ScaleBranch, Snapshot } from "../domain/snapshot.ts";
import type { Forge } from "../forge/forge.ts";
import type { ScaleContext } from "./read-situation.ts";

/** What became of one scale pull request. */
export type Settled =
  | { kind: "merged"; pullRequest: number }
  | { kind: "waiting"; pullRequest: number; message: string }
  | { kind: "closed"; pullRequest: number; message: string }
  /** Opened for the rest of a move that stopped at a threshold. */
  | { kind: "opened"; pullRequest: number };

/** A branch of ours with its open pull request. */
export type OpenBranch = ScaleBranch & { pull: OpenPull };

/** Where a pull request is looked after. */
export type PullContext = { forge: Forge; place: RepositoryName };
/** A pull request, as far as it is merged. `parentOid`: what its head stands on, where that is known. */
export type StandingPull = { pull: Pick<OpenPull, "number" | "nodeId">; parentOid: string | null };

/** One try at settling it. `again`: something has moved, or was made anew; read and try once more. */
export type SettleStep = (
  context: ScaleContext,
  snapshot: Snapshot,
  branch: OpenBranch,
) => Promise<Settled | { kind: "again" }>;

export const AGAIN = { kind: "again" } as const;

export function waiting(pull: Pick<OpenPull, "number">, message: string): Settled {
  return { kind: "waiting", pullRequest: pull.number, message };
}
