import { isMap, isScalar, type Pair } from "yaml";
import { parseStackConfigKey } from "./stack-config-key.ts";
import { parseStackDocument } from "./stack-document.ts";
import type { Refused } from "./stack-file-refusal.ts";

/** The config key that holds the webhook secret. */
export const SECRET_KEY = "pulumiscale:webhook-secret";

/** A secret as Pulumi has encrypted it, and the stack's own encryption settings that it was encrypted with. */
export type EncryptedSecret = { ciphertext: string; settings: ReadonlyMap<string, string> };

/** What a stack file says of the webhook secret: encrypted, readable by all, or nothing. */
export function findSecret(
  text: string,
  project: string,
): { kind: "none" } | { kind: "encrypted"; key: string } | { kind: "plain"; key: string } | Refused {
  const document = parseStackDocument(text);
  if (document.kind === "refused") return document;
  const config = findPair(document.root, "config")?.value;
  for (const { key, value } of isMap(config) ? config.items : []) {
    const parsed = isScalar(key) ? parseStackConfigKey(String(key.value), project) : null;
    if (parsed === null || parsed.namespace !== "pulumiscale" || !SECRET_NAMES.includes(parsed.name))
      continue;
    const encrypted = isMap(value) && findPair(value, "secure") !== undefined;
    return { kind: encrypted ? "encrypted" : "plain", key: `pulumiscale:${parsed.name}` };
  }
  return { kind: "none" };
}

/** Takes the encrypted secret out of a stack file that Pulumi has written; null where it is not there. */
export function parseEncryptedSecret(text: string): EncryptedSecret | null {
  const document = parseStackDocument(text);
  if (document.kind === "refused") return null;
  const value = findPair(findPair(document.root, "config")?.value, SECRET_KEY)?.value;
  const ciphertext = textOf(findPair(value, "secure")?.value);
  if (ciphertext === null || ciphertext === "") return null;
  const settings = SETTINGS.flatMap((name): [string, string][] => {
    const setting = textOf(findPair(document.root, name)?.value);
    return setting === null || setting === "" ? [] : [[name, setting]];
  });
  return { ciphertext, settings: new Map(settings) };
}

/** The entry of a map by its key; undefined where there is none, or no map. */
export function findPair(node: unknown, name: string): Pair<unknown, unknown> | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && key.value === name);
}

/** The text of a scalar, else null. */
export function textOf(node: unknown): string | null {
  return isScalar(node) && typeof node.value === "string" ? node.value : null;
}

const SECRET_NAMES: readonly string[] = ["webhook-secret", "webhookToken"];
const SETTINGS = ["secretsprovider", "encryptionsalt", "encryptedkey"] as const;
