import { z } from "zod";
import { cleanLine } from "./clean-text.ts";
import { PoolName } from "./names.ts";
import { safeJson } from "./safe-json.ts";
import type { StackFile } from "./snapshot.ts";

export const CONTROLS_VERSION = 1;
/** A file holds at most so many pauses and pins. */
export const MAX_HOLDS = 500;
/** More characters than that many of them have. */
const LONGEST_TEXT = 500_000;

/** Which moves a pause is about: fewer instances, more, or any. */
export const Direction = z.enum(["in", "out", "both"]);
export type Direction = z.infer<typeof Direction>;

/** Whoever may write the file may write anything there, and it is shown to people. */
const Line = (maxLength: number) =>
  z
    .string()
    .max(2_000)
    .transform((text) => cleanLine(text, maxLength));

const common = {
  /** ISO 8601; null: until somebody resumes it. */
  until: z.iso.datetime({ offset: true }).nullable(),
  /** A login, or what stands for one. */
  by: Line(80),
  at: z.iso.datetime({ offset: true }),
  /** Empty where nobody said why. */
  why: Line(200),
};

// Strict: of a mistyped `until` nobody would know when it is over.
const Pause = z.strictObject({
  kind: z.literal("pause"),
  /** Null: all that the file is about. */
  pool: PoolName.nullable(),
  direction: Direction,
  ...common,
});
const Pin = z.strictObject({ kind: z.literal("pin"), pool: PoolName, value: z.int(), ...common });

/** A pause, or a pin: what somebody wants scaling to keep to for a while. */
export const Hold = z.discriminatedUnion("kind", [Pause, Pin]);
export type Hold = z.infer<typeof Hold>;
export type Pause = z.infer<typeof Pause>;
export type Pin = z.infer<typeof Pin>;

/** A controls file: a stack's `controls/<alias>.json`, or the repository's `controls.json`, on the ledger branch. */
export const Controls = z.strictObject({
  schemaVersion: z.literal(CONTROLS_VERSION),
  holds: z.array(Hold).max(MAX_HOLDS),
});
export type Controls = z.infer<typeof Controls>;

/** What a controls file is about. */
export type ControlsScope = { kind: "repository" } | { kind: "stack"; alias: string };

/** A hold, and the file that it stands in: a pause of everything means another thing in each. */
export type PlacedHold = Hold & { in: ControlsScope["kind"] };

export type ParsedControls =
  | { kind: "controls"; holds: readonly PlacedHold[] }
  /** A newer version's, or none of ours: nothing is scaled on a guess. The message has no capital and no full stop. */
  | { kind: "unreadable"; message: string };

/** Reads a controls file; a missing one holds nothing. Never throws. */
export function parseControls(file: StackFile, scope: ControlsScope): ParsedControls {
  if (file.kind === "missing") return { kind: "controls", holds: [] };
  if (file.kind === "unreadable") return unreadable(scope, file.message);
  if (file.text.length > LONGEST_TEXT) return unreadable(scope, `it is over ${LONGEST_TEXT} characters long`);
  const json = safeJson(file.text);
  if (json === undefined) return unreadable(scope, "it is no JSON");
  const version = z.object({ schemaVersion: z.int() }).safeParse(json);
  if (version.success && version.data.schemaVersion > CONTROLS_VERSION) {
    const message = `${controlsPath(scope)} has schemaVersion ${version.data.schemaVersion}; update PulumiScale`;
    return { kind: "unreadable", message };
  }
  const parsed = Controls.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.map(String).join(".") || "file";
    return unreadable(scope, cleanLine(`${where}: ${issue?.message ?? "unreadable"}`));
  }
  const { holds } = parsed.data;
  // Two stacks may have pools of one name.
  if (scope.kind === "repository" && holds.some(({ pool }) => pool !== null))
    return unreadable(scope, "a pool is named, which only a stack's own file may do");
  return { kind: "controls", holds: holds.map((hold) => ({ ...hold, in: scope.kind })) };
}

/** The file's text: keys in the schema's order, two spaces, a last newline, so that diffs stay small. */
export function formatControls(holds: readonly Hold[]): string {
  const controls = Controls.parse({ schemaVersion: CONTROLS_VERSION, holds });
  return `${JSON.stringify(controls, null, 2)}\n`;
}

/** Where a controls file stands on the ledger branch, and in the local state folder. */
export function controlsPath(scope: ControlsScope): string {
  return scope.kind === "repository" ? "controls.json" : `controls/${scope.alias}.json`;
}

/** False once it is over. Time is handed in, in milliseconds. */
export function isInForce({ until }: Pick<Hold, "until">, nowMs: number): boolean {
  return until === null || nowMs < Date.parse(until);
}

function unreadable(scope: ControlsScope, why: string): ParsedControls {
  const path = controlsPath(scope);
  return {
    kind: "unreadable",
    message: `${path} with the pauses and pins cannot be read (${why}); mend or delete it`,
  };
}
