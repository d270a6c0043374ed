/** A text as a sentence of its own: with a capital, and with a full stop where it does not end as a sentence already. */
export function toSentence(text: string): string {
  const end = /[.?]$/.test(text) ? "" : ".";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
