import { isMap, isScalar } from "yaml";
import { findPair } from "../../domain/find-secret.ts";
import { parseStackConfigKey } from "../../domain/stack-config-key.ts";
import { parseStackDocument } from "../../domain/stack-document.ts";
import type { ExamplePool } from "./contract-example.ts";

/** The pool of an example, and whether its value stands in the stack file already. */
export type SuggestedPool = { pool: ExamplePool; hasValue: boolean };

/**
 * Suggests a pool: the first integer of the project in the stack file whose name sounds like a count, with limits around its
 * value; else a made-up one.
 */
export function suggestPool(stackFile: string, project: string): SuggestedPool {
  const document = parseStackDocument(stackFile);
  const config = document.kind === "document" ? findPair(document.root, "config")?.value : undefined;
  for (const { key, value } of isMap(config) ? config.items : []) {
    const parsed = isScalar(key) ? parseStackConfigKey(String(key.value), project) : null;
    const text = isScalar(value) ? String(value.value) : "";
    if (parsed === null || parsed.namespace !== project || !SOUNDS_LIKE_A_COUNT.test(parsed.name)) continue;
    if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) continue;
    const now = Number(text);
    const limits = { min: Math.min(1, now), max: Math.max(10, now * 2) };
    return { pool: { name: poolName(parsed.name), configKey: parsed.name, ...limits }, hasValue: true };
  }
  const pool = { name: "worker-pool", configKey: "workerCount", min: 1, max: 10 };
  return { pool, hasValue: false };
}

const SOUNDS_LIKE_A_COUNT =
  /^[A-Za-z][\w-]{0,55}$(?<=count|replicas|size|capacity|instances|workers|nodes|desired)/i;

/** `webServerCount` is the value of `web-server`. */
function poolName(key: string): string {
  const name = key
    .replace(/[-_]?(?:count|replicas|size|capacity|desired)$/i, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();
  return /^[a-z]/.test(name) ? name : "worker-pool";
}
