import { applyStack } from "../../apply/apply-stack.ts";
import type { Trigger } from "../../apply/read-decision.ts";
import type { ApplyEnd } from "../../workflows/apply-queue.ts";
import type { LocalProgram } from "./open-program.ts";

/** How often it begins again where somebody commits while it reads. */
const ATTEMPTS = 5;

/**
 * Applies whatever is committed and not applied. What Pulumi could not do is in the receipt. Throws what `applyStack` throws, and
 * `StackBusyError`.
 */
export async function applyOnce(
  program: LocalProgram,
  trigger: Exclude<Trigger, { kind: "push" }>,
  onLine?: (line: string) => void,
): Promise<ApplyEnd> {
  const { deployPlace: place, world } = program;
  const engine = onLine === undefined ? program.engine : { ...program.engine, onLine };
  for (let attempt = 1; ; attempt += 1) {
    const checkout = await program.readCheckout();
    const result = await applyStack({ place, checkout, trigger, engine, runUrl: null }, world);
    switch (result.kind) {
      case "nothing":
        return { kind: "done", receipt: null, problems: [] };
      case "done":
        return result;
      case "full-needed":
        return {
          kind: "failed",
          message: `${result.because}. Run \`pulumiscale up\`: it brings the whole stack up and notes what is applied`,
        };
      case "superseded":
        if (attempt < ATTEMPTS) break;
        return { kind: "failed", message: result.because };
    }
  }
}
