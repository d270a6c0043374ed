/** How deep strings are handed over, and how much of one is kept. What is deeper or longer is passed by. */
const DEEPEST = 5;
const LONGEST = 8 * 1024;

/**
 * Follows a JSON text that comes in pieces and hands over each string value that is no deeper than five, with its path of
 * keys and indices, without ever holding the text. Longer strings are cut. Takes for granted that the text is JSON.
 */
export function followJson(
  onString: (path: readonly string[], value: string) => void,
): (piece: string) => void {
  /** The containers around what is being read; only the outer ones know where they stand. */
  const frames: { isList: boolean; key: string; index: number }[] = [];
  let depth = 0;
  let isKey = false;
  /** The string being read, as it stands in the text; null outside of one. */
  let raw: string | null = null;
  let isKept = false;
  let isEscaped = false;

  const open = (isList: boolean) => {
    depth += 1;
    isKey = !isList;
    if (depth <= DEEPEST) frames.push({ isList, key: "", index: 0 });
  };
  const close = () => {
    if (depth <= DEEPEST) frames.pop();
    depth -= 1;
    isKey = false;
  };
  const endString = (text: string) => {
    if (!isKept) return;
    const value = decodeString(text);
    const frame = frames.at(-1);
    if (frame !== undefined && isKey) frame.key = value;
    else
      onString(
        frames.map(({ isList, key, index }) => (isList ? String(index) : key)),
        value,
      );
  };
  const readMark = (mark: string) => {
    if (mark === '"') {
      raw = "";
      isKept = depth <= DEEPEST;
    } else if (mark === "{" || mark === "[") open(mark === "[");
    else if (mark === "}" || mark === "]") close();
    else if (mark === ":") isKey = false;
    else if (mark === "," && depth <= DEEPEST) {
      const frame = frames.at(-1);
      isKey = frame?.isList === false;
      if (frame?.isList) frame.index += 1;
    }
  };

  return (piece) => {
    for (const character of piece) {
      if (raw === null) {
        readMark(character);
      } else if (isEscaped || character === "\\") {
        isEscaped = !isEscaped;
        if (isKept && raw.length < LONGEST) raw += character;
      } else if (character === '"') {
        endString(raw);
        raw = null;
      } else if (isKept && raw.length < LONGEST) raw += character;
    }
  };
}

/** A string that was cut may end within an escape, which is left out then. */
function decodeString(raw: string): string {
  for (const text of [raw, raw.replace(/\\[^\\]{0,5}$/, "")]) {
    try {
      return String(JSON.parse(`"${text}"`));
    } catch {}
  }
  return "";
}
