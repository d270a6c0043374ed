import { cleanLine } from "./clean-text.ts";

/** What is wrong with a command, and what to write instead: a text for a reply, in which everything from outside is cleaned. */
export type Mistake = { kind: "mistake"; message: string };

export function mistake(message: string): Mistake {
  return { kind: "mistake", message };
}

/** A text from outside as a reply may show it, as code: cleaned, and cut. */
export function quoted(text: string): string {
  const clean = cleanLine(text, 80);
  return clean === "" ? "what is written there" : `\`${clean}\``;
}
