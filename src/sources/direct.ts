import { z } from "zod";
import type { Ask } from "../domain/intent.ts";
import { Amount } from "./amount.ts";

/*
 * The bodies of direct calls. They are strict: a field that is not known may be a wish that is not honoured
 * (`"dryRun": true`), and a direct call is answered to someone who can correct it.
 */

/** Body of `POST /webhook/{pool}/count`. */
export const CountBody = z.strictObject({ value: Amount.describe("The value that the pool is to have.") });

/** Body of `POST /webhook/{pool}/delta`. */
export const DeltaBody = z.strictObject({ delta: Amount.describe("By how much the pool is to move.") });

/** Body of `POST /scale/{pool}`: exactly one of the two. */
export const ScaleBody = z
  .strictObject({ value: Amount.optional(), delta: Amount.optional() })
  .refine(({ value, delta }) => (value === undefined) !== (delta === undefined), {
    message: 'give exactly one of "value" and "delta"',
  });

/** What a direct call asks for. */
export function toAsk(body: { value?: number | undefined; delta?: number | undefined }): Ask {
  return body.value === undefined
    ? { kind: "delta", delta: body.delta ?? 0 }
    : { kind: "value", value: body.value };
}
