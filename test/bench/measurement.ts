/** What a figure should be. */
export type Aim = { readonly kind: "at-most" | "at-least"; readonly value: number };

/** One line of the table: a count, or a ratio of two things that were measured side by side in this run. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit:
    | "calls"
    | "processes"
    | "packages"
    | "files"
    | "bytes"
    | "commits"
    | "answers"
    | "seconds"
    | "ratio";
  /** For a ratio what it is against; for a count what it counts. */
  readonly against: string;
  /** The middle half of the repetitions, and how many there were; null for a count, which comes out the same each time. */
  readonly spread: Spread | null;
  readonly aim: Aim | null;
};

export type Spread = { readonly low: number; readonly high: number; readonly repetitions: number };

/** `quick`: so few repetitions that ratios say little; counts are as good as ever. */
export type Pace = "quick" | "full";

/** Something that can be measured by itself. Throws when it cannot be; a bad figure is no reason to. */
export type Measurement = {
  readonly name: string;
  /** What it answers, for `--list`. */
  readonly about: string;
  readonly measure: (pace: Pace, tell: (line: string) => void) => Promise<Figure[]>;
};

export const atMost = (value: number): Aim => ({ kind: "at-most", value });
export const atLeast = (value: number): Aim => ({ kind: "at-least", value });

/** Whether a figure is what it should be; null where nothing is aimed at. */
export function meetsAim({ value, aim }: Pick<Figure, "value" | "aim">): boolean | null {
  if (aim === null) return null;
  return aim.kind === "at-most" ? value <= aim.value : value >= aim.value;
}
