import { styleText } from "node:util";

/** A text in a style, where standard output takes one. */
export function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
