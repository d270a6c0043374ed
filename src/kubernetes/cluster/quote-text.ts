/** What a cluster or a file says, as a piece of one line that steers no terminal and is not too long to read. */
export function plainLine(text: string, longest = LONGEST): string {
  const points = [...text.slice(0, longest * 8).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")];
  return points.length > longest ? `${points.slice(0, longest).join("")}…` : points.join("");
}

/** The same as code in markdown, so that it calls nobody, links nowhere and is no HTML, and a reader sees where it ends. */
export function quoteText(text: string, longest = LONGEST): string {
  return `\`${plainLine(text, longest).replaceAll("`", "'")}\``;
}

const LONGEST = 500;
