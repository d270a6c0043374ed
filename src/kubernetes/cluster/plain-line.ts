/** What a cluster or a file says, as a piece of one line that steers no terminal and is not too long to read. */
export function plainLine(text: string, longest = LONGEST): string {
  const points = [...text.slice(0, longest * 8).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")];
  return points.length > longest ? `${points.slice(0, longest).join("")}…` : points.join("");
}

const LONGEST = 500;
