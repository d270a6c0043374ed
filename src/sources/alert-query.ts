import { z } from "zod";
import { AmountText } from "./amount.ts";

export type AlertState = "firing" | "resolved";

const STATES = {
  firing: ["firing"],
  resolved: ["resolved"],
  "firing,resolved": ["firing", "resolved"],
  "resolved,firing": ["firing", "resolved"],
} as const satisfies Record<string, readonly AlertState[]>;

/**
 * What the URL of an alert route may say: which states act, and how much is asked where the alert does not say.
 * Strict: a misspelt `?detla=2` would otherwise scale by the pool's step.
 */
export const AlertQuery = z
  .strictObject({
    on: z
      .enum(["firing", "resolved", "firing,resolved", "resolved,firing"])
      .default("firing")
      .transform((on): readonly AlertState[] => STATES[on])
      .describe("The states that act; alerts in other states are answered with no result."),
    delta: AmountText.optional().describe("The difference to ask for where the alert does not say how much."),
    value: AmountText.optional().describe("The value to ask for where the alert does not say how much."),
  })
  .refine(({ delta, value }) => delta === undefined || value === undefined, {
    path: ["value"],
    message: "?delta and ?value are both given: give one of them",
  });
export type AlertQuery = z.infer<typeof AlertQuery>;
