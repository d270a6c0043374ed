import { type Document, isMap } from "yaml";
import { findDuplicateKey, parseWithinStack, walkNodes } from "../domain/stack-document.ts";
import { ScalePlan } from "./scale-plan.ts";

/** `path` is where in the file: `actions.0.to`; empty for all of it. */
export type ParsedPlanFile =
  | { kind: "plan"; plan: ScalePlan }
  | { kind: "bad"; path: string; message: string };

/** Reads `plan.yaml`, whoever has edited it. Never throws. */
export function parsePlanFile(text: string): ParsedPlanFile {
  if (text.length > LONGEST) return bad("", `it is over ${LONGEST.toLocaleString("en")} characters long`);
  // The library's own look for a key that is given twice takes quadratic time.
  const document = parseWithinStack(text, { uniqueKeys: false });
  if (document === null) return bad("", "it is nested too deep");
  for (const { node } of walkNodes(document.contents)) {
    const twice = isMap(node) ? findDuplicateKey(node) : undefined;
    if (twice) return bad(String(twice.value), "the key is given twice");
  }
  const [error] = document.errors;
  if (error !== undefined) return bad("", error.message);
  const plain = toPlain(document);
  if (plain === undefined) return bad("", "it has aliases, or is nested too deep; a plan needs neither");
  const parsed = ScalePlan.safeParse(plain);
  if (parsed.success) return { kind: "plan", plan: parsed.data };
  const [issue] = parsed.error.issues;
  return bad(issue?.path.map(String).join(".") ?? "", issue?.message ?? "unreadable");
}

/** A thousand workloads have some 500,000. */
const LONGEST = 2_000_000;

function bad(path: string, message: string): ParsedPlanFile {
  return { kind: "bad", path, message };
}

/** Undefined where there are aliases, which may be a bomb, or more depth than the stack has. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? null;
  } catch {
    return undefined;
  }
}
