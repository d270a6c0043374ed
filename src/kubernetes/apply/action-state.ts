import { z } from "zod";
import { parseQuantity } from "../quantity.ts";

/** Null: not given. */
const Amount = z.string().max(100).nullable();
const Amounts = z.strictObject({ cpu: Amount.optional(), memory: Amount.optional() });
const Count = z.int().min(0).max(2_147_483_647);
/** An object as a cluster has it. */
export const Json = z.record(z.string(), z.json());
export type Json = z.infer<typeof Json>;

/** What an action changes, and that alone, as it stands in a cluster, stood there, or is to stand there. */
export const ActionState = z.discriminatedUnion("kind", [
  /** The object is not there. */
  z.strictObject({ kind: z.literal("absent") }),
  z.strictObject({ kind: z.literal("replicas"), replicas: Count }),
  /** Only what the plan names of each container. */
  z.strictObject({
    kind: z.literal("resources"),
    containers: z.array(
      z.strictObject({ name: z.string(), requests: Amounts.optional(), limits: Amounts.optional() }),
    ),
  }),
  z.strictObject({
    kind: z.literal("cronjob"),
    suspend: z.boolean().optional(),
    parallelism: Count.nullable().optional(),
  }),
  z.strictObject({
    kind: z.literal("hpa"),
    min: Count.nullable(),
    max: Count,
    metrics: z.array(Json),
    target: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string() }),
  }),
  z.strictObject({ kind: z.literal("vpa"), spec: Json }),
]);
export type ActionState = z.infer<typeof ActionState>;

/** Whether two states are one: `1` and `1000m` of CPU are, and the order of keys says nothing, nor does that of metrics. */
export function isSameState(one: ActionState, other: ActionState): boolean {
  return canonical(one, "") === canonical(other, "");
}

/** A value as one text, however it is written; `key` is the field in which it stands. */
export function canonical(value: unknown, key: string): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item, ""));
    return `[${(key === "metrics" ? items.sort() : items).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries: [string, unknown][] = Object.entries(value);
    const texts = entries
      .filter(([, item]) => item !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => `${JSON.stringify(name)}:${canonical(item, name)}`);
    return `{${texts.join(",")}}`;
  }
  const amount = AMOUNTS.includes(key) && typeof value === "string" ? parseQuantity(value) : null;
  return amount === null ? JSON.stringify(value) : `amount ${amount}`;
}

const AMOUNTS: readonly string[] = ["cpu", "memory"];
