import { CONTRACT_DIALECTS, type ExampleLanguage } from "./contract-dialects.ts";
import { CONTRACT_FIELDS, type ExampleValue } from "./contract-fields.ts";

/** The pool that an example shows: names that are fit for any language, counts in units. */
export type ExamplePool = { name: string; configKey: string; min: number; max: number };

/** A file that holds the contract, and what has to be added to the program so that it counts. */
export type ContractExample = { fileName: string; text: string; include: readonly string[] };

/**
 * The contract of one pool in a language: every field with a comment, those that may be left out commented out. The file is new
 * and does nothing by itself: the program takes it in with the lines of `include`, and hands over the resource that is scaled.
 * `place.importPath` is how a Node program imports it, `place.javaPackage` where Java's stands.
 */
export function formatContractExample(
  language: ExampleLanguage,
  pool: ExamplePool,
  place: { importPath?: string; javaPackage?: string } = {},
): ContractExample {
  const dialect = CONTRACT_DIALECTS[language];
  const values: Record<string, ExampleValue> = {
    configKey: pool.configKey,
    min: pool.min,
    max: pool.max,
    aliases: [`${pool.name.slice(0, 59)}-old`],
  };
  const fields = CONTRACT_FIELDS.flatMap(({ name, value, comment, optional }) => {
    const code = dialect.field(name, name === "targetUrn" ? null : (values[name] ?? value));
    const line = optional ? `${dialect.mark} ${code}` : code;
    return [`${dialect.mark} ${comment}`, line].map((text) => `${dialect.indent}${text}`);
  });
  const include = dialect.include(place.importPath ?? "./pulumiscale.contract");
  const head = [
    "What PulumiScale may scale, and how far: the stack output `pulumiscale`, a record from pool name to its rules.",
    ...(include.length === 0
      ? ["Paste it into Pulumi.yaml, under `outputs:`, and put your own resource in the place of `workers`."]
      : ["It counts once the program takes it in, with the resource that is scaled (no component):"]),
    ...include.map((line) => `  ${line}`),
  ].map((line) => `${dialect.mark} ${line}`);
  const packageLines = place.javaPackage === undefined ? [] : [`package ${place.javaPackage};`, ""];
  const text = [...head, "", ...packageLines, ...dialect.frame(pool.name, fields), ""].join("\n");
  return { fileName: dialect.fileName, text, include };
}
