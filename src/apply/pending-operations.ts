import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { followJson } from "./follow-json.ts";
import { PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, streamWithPulumi } from "./pulumi-process.ts";

const OperationKind = z
  .enum(["creating", "updating", "deleting", "reading", "importing", "other"])
  .catch("other");

/** An operation that Pulumi began and of whose end the state does not know. `other` is a kind of which nobody knows here. */
export type PendingOperation = { urn: string; kind: z.infer<typeof OperationKind> };

/**
 * Reads the stack's pending operations from its state, in the memory of a few of them, however large the state is; secret
 * values stay encrypted, and are not looked at. It works while the stack is locked. Throws `PulumiReadError`.
 *
 * What the engine does about them, tried with 3.258: a targeted `up` warns of all of them and goes on (exit code 0). A
 * pending update is done again by the next update of that resource, and is then over. A pending create stays in the state
 * through all updates, also those of other targets; an update that includes its resource creates it once more.
 */
export async function readPendingOperations(
  stack: string,
  settings: PulumiSettings,
): Promise<PendingOperation[]> {
  const run = await streamWithPulumi(["stack", "export", "--stack", stack], settings, parsePending);
  if (run.exitCode === 0) return run.stdout;
  const advice =
    "Check the backend and its credentials; what was killed is looked at again by the next start.";
  throw new PulumiReadError(`export the state of the stack ${stack}`, run.stderr, advice);
}

/** What a person must know of a pending operation, and do. */
export function formatPending({ urn, kind }: PendingOperation): string {
  const name = urn.replace(/\p{Cc}/gu, " ").slice(0, 500);
  if (kind === "creating") {
    return (
      `${name} was being created when its update was killed: it may exist without Pulumi knowing of it, and the next update ` +
      "that includes it creates it once more. See in the cloud whether it is there. If it is not, run `pulumi refresh " +
      "--clear-pending-creates`. If it is, run `pulumi refresh --import-pending-creates <its URN> --import-pending-creates " +
      "<its id>`, which brings it into the state."
    );
  }
  const doing = kind === "other" ? "being changed" : kind === "importing" ? "being imported" : DOING[kind];
  return `${name} was ${doing} when its update was killed: the next update that includes it brings it to its value again.`;
}

const DOING = { updating: "being updated", deleting: "being deleted", reading: "being read" } as const;

/** More than an engine ever has under way. */
const MOST_OPERATIONS = 10_000;

export async function parsePending(stdout: Readable): Promise<PendingOperation[]> {
  const found: PendingOperation[] = [];
  const push = followJson((path, value) => {
    if (path[0] !== "deployment" || path[1] !== "pending_operations") return;
    const index = Number(path[2]);
    if (index >= MOST_OPERATIONS) return;
    found[index] ??= { urn: "", kind: "other" };
    const operation = found[index];
    if (path.length === 4 && path[3] === "type") operation.kind = OperationKind.parse(value);
    if (path.length === 5 && path[3] === "resource" && path[4] === "urn") operation.urn = value;
  });
  const decoder = new StringDecoder("utf8");
  for await (const chunk of stdout) push(Buffer.isBuffer(chunk) ? decoder.write(chunk) : String(chunk));
  return found.filter(({ urn }) => urn !== "");
}
