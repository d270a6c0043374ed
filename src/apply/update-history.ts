import { z } from "zod";
import { safeJson } from "../domain/safe-json.ts";
import { PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, readWithPulumi } from "./pulumi-process.ts";

/** One line of Pulumi's own history of a stack. */
export type StackUpdate = {
  /** `update`, `refresh`, `destroy`, `import`, …, as Pulumi calls it. */
  kind: string;
  startedAtMs: number;
  /** Null while it runs. Pulumi tells whole seconds. */
  endedAtMs: number | null;
  result: "succeeded" | "failed" | "in-progress" | "unknown";
  message: string;
  /** Whether it was held to a part of the stack's resources. */
  isTargeted: boolean;
  /** The commit that the program's work tree stood at; null where Pulumi does not know. */
  head: string | null;
  /** Whether the work tree had changes that were not committed, or nobody knows. */
  isDirty: boolean;
  /** `<namespace>:<name>` → the value in plain text, a nested one as JSON. Secrets are not in it. */
  config: ReadonlyMap<string, string>;
};

/**
 * Reads the newest `count` updates of a stack, newest first; none of a stack that was never updated. One process, which is
 * shown no secret. A file backend lists an update when it has ended; of one that was killed it knows nothing. Throws
 * `PulumiReadError` and `PulumiMissingError`.
 */
export async function readUpdates(
  stack: string,
  settings: PulumiSettings,
  count: number,
): Promise<StackUpdate[]> {
  const args = ["stack", "history", "--json", "--page-size", String(count), "--page", "1", "--stack", stack];
  const { onLine: _, ...quiet } = settings;
  const run = await readWithPulumi(args, quiet);
  if (run.exitCode !== 0) throw unreadable(stack, run.stderr);
  const updates = parseUpdates(run.stdout);
  if (updates === null) throw unreadable(stack, "it printed no history that can be read.");
  return updates;
}

const ConfigValue = z.object({ value: z.string().optional(), secret: z.boolean() });
const Update = z.object({
  kind: z.string(),
  startTime: z.string(),
  endTime: z.string().optional(),
  result: z.string().default(""),
  message: z.string().nullable().default(""),
  environment: z.record(z.string(), z.string()).nullable().default({}),
  config: z.record(z.string(), z.unknown()).nullable().default({}),
});

/** Null where it is no history; a line that cannot be read is left out. */
export function parseUpdates(json: string): StackUpdate[] | null {
  const lines = z.array(z.unknown()).safeParse(safeJson(json));
  if (!lines.success) return null;
  return lines.data.flatMap((line) => {
    const update = Update.safeParse(line);
    const parsed = update.success ? toStackUpdate(update.data) : null;
    return parsed === null ? [] : [parsed];
  });
}

function toStackUpdate(update: z.infer<typeof Update>): StackUpdate | null {
  const environment = update.environment ?? {};
  const startedAtMs = Date.parse(update.startTime);
  if (Number.isNaN(startedAtMs)) return null;
  const endedAtMs = Date.parse(update.endTime ?? "");
  return {
    kind: update.kind,
    startedAtMs,
    // A backend that has no end yet may say the beginning of time.
    endedAtMs: endedAtMs >= startedAtMs ? endedAtMs : null,
    result: parseResult(update.result),
    message: update.message ?? "",
    isTargeted: NARROWING_FLAGS.some((flag) => environment[`pulumi.flag.${flag}`] !== undefined),
    head: environment["git.head"] ?? null,
    isDirty: environment["git.dirty"] !== "false",
    config: new Map(Object.entries(update.config ?? {}).flatMap(plainValue)),
  };
}

/** With one of these an update leaves a part of the stack as it was. */
const NARROWING_FLAGS = ["target", "target-replace", "exclude"] as const;

function plainValue([key, value]: [string, unknown]): [string, string][] {
  const parsed = ConfigValue.safeParse(value);
  if (!parsed.success || parsed.data.secret || parsed.data.value === undefined) return [];
  return [[key, parsed.data.value]];
}

function parseResult(result: string): StackUpdate["result"] {
  return result === "succeeded" || result === "failed" || result === "in-progress" ? result : "unknown";
}

function unreadable(stack: string, why: string): PulumiReadError {
  const advice =
    "Check the stack's name, the backend (or `pulumi login`) and its credentials, and that this Pulumi is not too old.";
  return new PulumiReadError(`read the update history of the stack ${stack}`, why, advice);
}
