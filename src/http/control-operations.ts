import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import { API_CALLER } from "../domain/edit-holds.ts";
import { PauseBody, PinBody, parseEnd, ResumeBody } from "../sources/controls-body.ts";
import { type Parsed, parseWith } from "../sources/parsed.ts";
import type { Scaling, StackControl } from "../workflows/scaling.ts";
import { type Call, parseParams, readJson, toInput, unprocessableAnswer } from "./call.ts";
import { json, problem } from "./problem.ts";
import { type ControlOperation, NoQuery } from "./routes.ts";
import { withinTime } from "./within-time.ts";

export type ControlOperationsOptions = { scaling: Scaling; clock: Clock; answerWithinMs: number };

/** A stolen token ends nothing that a person has said. */
const CALLER = { by: API_CALLER, replaces: "own" } as const;

/** What the routes do that pause, pin and resume. Throws `TryAgainError`. */
export function createControlOperations({
  scaling,
  clock,
  answerWithinMs,
}: ControlOperationsOptions): Record<ControlOperation, (call: Call) => Promise<Response>> {
  async function control<T extends { pool?: string | undefined }>(
    call: Call,
    schema: z.ZodType<T>,
    toWish: (body: T) => Parsed<StackControl>,
  ): Promise<Response> {
    const query = parseParams(call, NoQuery);
    if (query.kind === "answer") return query.response;
    const body = await readJson(call);
    if (body.kind === "answer") return body.response;
    const parsed = toInput(call, parseWith(schema, body.value, "$"));
    if (parsed.kind === "answer") return parsed.response;
    const wish = toInput(call, toWish(parsed.value));
    if (wish.kind === "answer") return wish.response;
    const [stack] = call.stacks;
    const { pool } = parsed.value;
    if (pool !== undefined && !scaling.hasPool(stack.id, pool))
      return problem("unknown-pool", "The stack has no pool of that name.", { instance: call.path });
    const result = await withinTime(scaling.control(stack.id, wish.value), answerWithinMs);
    call.facts.control = result.kind;
    if (result.kind === "refused")
      return unprocessableAnswer([{ path: "$", message: result.message.replace(/\.$/, "") }], call.path);
    return json(200, { stack: stack.alias, ...result });
  }

  return {
    pause: (call) =>
      control(call, PauseBody, ({ pool = null, direction, why = "", ...end }) =>
        endingAt(end, (untilMs) => ({ kind: "pause", pool, direction, untilMs, why, ...CALLER })),
      ),
    pin: (call) =>
      control(call, PinBody, ({ pool, value, why = "", ...end }) =>
        endingAt(end, (untilMs) => {
          const event = randomBytes(8).toString("hex");
          return { kind: "pin", pool, value, untilMs, why, ...CALLER, source: "scale", event };
        }),
      ),
    resume: (call) =>
      control(call, ResumeBody, ({ pool = null, why = "" }) => ({
        kind: "parsed",
        value: { kind: "resume", pool, why, ...CALLER },
      })),
  };

  function endingAt(
    end: Parameters<typeof parseEnd>[0],
    toWish: (untilMs: number | null) => StackControl,
  ): Parsed<StackControl> {
    const parsed = parseEnd(end, clock());
    return parsed.kind === "parsed" ? { kind: "parsed", value: toWish(parsed.value) } : parsed;
  }
}
