/**
 * Makes text from outside fit for one line of a commit, a comment or a log: no control characters, no halves of characters
 * (GitHub takes no text with one), no line break, no mention, no link, no markdown, no reference to an issue, no skip-ci marker
 * (GitHub would silently start no workflow), at most `maxLength`.
 */
export function cleanLine(text: string, maxLength = 120): string {
  const line = text
    .slice(0, maxLength * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/[a-z][a-z0-9+.-]{0,20}:\/\/\S*|\bwww\.\S*/gi, "(link)")
    // What is left of it after something that begins no link.
    .replace(/:\/\//g, ": ")
    .replace(/[[\]<>`*~|\\#{}!@$&]/g, " ")
    // Inside a word it is no markdown: `jane_doe` is a login.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, " ")
    .replace(/\b(skip|no)[-\s]*(ci|checks|actions)\b|\b(ci|actions)[-\s]*skip\b/gi, "(marker)")
    .replace(/\bskip-checks\b/gi, "(marker)")
    // `fixes GH-7` in a pull request would close issue 7 on merge.
    .replace(/\bGH-(?=\d)/gi, "GH ")
    .replace(/\s+/g, " ")
    .trim();
  const points = [...line];
  if (points.length <= maxLength) return line;
  const cut = points.slice(0, maxLength - 1).join("");
  return `${cut.endsWith("_") ? cut.slice(0, -1) : cut}…`;
}
