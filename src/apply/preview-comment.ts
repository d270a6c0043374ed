import { LONGEST_COMMENT } from "./apply-forge.ts";
import { renderText } from "./render-receipt.ts";

export type PreviewFacts = { alias: string; headOid: string; runUrl: string | null };

const MORE = "… There is more: the run's page has all of it.";
/** Heading and footing take some too. */
const LONGEST_BLOCKS = LONGEST_COMMENT - 2000;

/** The body of the one comment in which a preview stands on a scale pull request. `blocks`: as `renderPreview` gives them. */
export function renderPreviewComment(
  blocks: readonly string[],
  { alias, headOid, runUrl }: PreviewFacts,
): string {
  const run = runUrl === null ? "" : ` · [the run](${runUrl})`;
  return [
    `### Preview of \`${alias}\` at ${headOid.slice(0, 7)}`,
    ...fitBlocks(blocks),
    `<sub>A targeted preview by the deploy workflow's Action: nothing was moved. It is made anew with every push${run}</sub>`,
  ].join("\n\n");
}

/** A preview that could not be made, as a block: an earlier one must not be taken for it. */
export function renderFailedPreview(sentence: string): string[] {
  return [`The preview could not be made:\n\n${renderText(sentence.slice(0, 4000))}`];
}

/** As many blocks as there is room for: one that is cut in two would leave its code open. */
function fitBlocks(blocks: readonly string[]): string[] {
  const fitting: string[] = [];
  let room = LONGEST_BLOCKS;
  for (const block of blocks) {
    room -= block.length + 2;
    if (room < 0) return [...fitting, MORE];
    fitting.push(block);
  }
  return fitting;
}
