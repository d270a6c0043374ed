/**
 * Why a cluster did not answer as it should:
 * - `kubeconfig`: it names no such context, or cannot be used
 * - `unreachable`, `timeout`: no answer came
 * - `busy`: it has said that it cannot answer now
 * - `unauthorized`: who asked is not known; `forbidden`: they may not
 * - `conflict`: somebody else owns the fields, or the object has changed meanwhile
 * - `absent`: there is nothing that could be changed
 * - `refused`: the API server does not take the change, or the question
 * - `unexpected`: the answer is of another shape
 */
export type ClusterErrorCode =
  | "kubeconfig"
  | "unreachable"
  | "timeout"
  | "busy"
  | "unauthorized"
  | "forbidden"
  | "conflict"
  | "absent"
  | "refused"
  | "unexpected";

/** A field that another manager has set, as the API server names both. */
export type FieldConflict = { field: string; manager: string };

/** Its message is one sentence for people, without a token or a line break, whatever the cluster said. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  /** Of a `conflict` with other managers; empty where the object has changed meanwhile. */
  readonly conflicts: readonly FieldConflict[];
  constructor(code: ClusterErrorCode, message: string, conflicts: readonly FieldConflict[] = []) {
    super(message);
    this.name = "ClusterError";
    this.code = code;
    this.conflicts = conflicts;
  }
}
