import { z } from "zod";
import { Alias } from "../domain/names.ts";

/** The part of a query on `Repository` that reads all entries of the ledger; `$ledger` is the branch's ref. */
export const LEDGER_TREE_FIELD = treeField("ledger", "stacks");
/** The same of the pauses and pins of all its stacks. */
export const CONTROLS_TREE_FIELD = treeField("controls", "controls");

function treeField(name: string, folder: string): string {
  return `${name}: ref(qualifiedName: $ledger) {
  target { ... on Commit { file(path: "${folder}") { object { ... on Tree { entries { name object { ... on Blob { text } } } } } } } }
}`;
}

const BlobText = z.union([z.object({ text: z.string().nullable() }), z.object({})]).nullable();
const Tree = z.object({ entries: z.array(z.object({ name: z.string(), object: BlobText })).nullish() });

/** What such a part answers; null where the branch is not there. */
export const LedgerTree = z
  .object({ target: z.object({ file: z.object({ object: Tree.nullable() }).nullable() }) })
  .nullable();
export type LedgerTree = z.infer<typeof LedgerTree>;

/** The files of one of the ledger's folders by alias; null is a text that GitHub does not give (binary, or too large). Other files are no entries. */
export function ledgerTexts(ledger: LedgerTree): { alias: string; text: string | null }[] {
  return (ledger?.target.file?.object?.entries ?? []).flatMap(({ name, object }) => {
    const alias = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
    if (!Alias.safeParse(alias).success) return [];
    return [{ alias, text: object !== null && "text" in object ? object.text : null }];
  });
}
