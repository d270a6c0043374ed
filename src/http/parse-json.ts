import { type Parsed, unprocessable } from "../sources/parsed.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Parses a body as JSON in UTF-8. Messages never repeat the body: it may end up in someone's log. */
export function parseJson(body: Uint8Array): Parsed<unknown> {
  if (body.length === 0) return unprocessable({ path: "$", message: "the body is empty, JSON is expected" });
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return unprocessable({ path: "$", message: "the body is not UTF-8" });
  }
  try {
    return { kind: "parsed", value: JSON.parse(text) };
  } catch (error) {
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const where = position === undefined ? "" : ` (at character ${position})`;
    return unprocessable({ path: "$", message: `the body is not JSON${where}` });
  }
}
