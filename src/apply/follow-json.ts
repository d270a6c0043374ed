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

  const keep = (text: string) => {
    if (raw !== null && isKept && raw.length < LONGEST) raw += text.slice(0, LONGEST - raw.length);
  };

  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      if (isEscaped) {
        keep(piece.charAt(at));
        isEscaped = false;
        at += 1;
        continue;
      }
      // From mark to mark: a state of hundreds of megabytes is mostly what stands between them.
      const marks = raw === null ? OUTSIDE : INSIDE;
      marks.lastIndex = at;
      const next = marks.exec(piece)?.index ?? piece.length;
      keep(piece.slice(at, next));
      const mark = piece.charAt(next);
      at = next + 1;
      if (raw === null) readMark(mark);
      else if (mark === "\\") {
        keep(mark);
        isEscaped = true;
      } else if (mark === '"') {
        endString(raw);
        raw = null;
      }
    }
  };
}

const OUTSIDE = /["{}[\],:]/g;
const INSIDE = /["\\]/g;

/** A string that was cut may end within an escape, which is left out then. */
function decodeString(raw: string): string {
  for (const text of [raw, raw.replace(/\\[^\\]{0,5}$/, "")]) {
    try {
      return String(JSON.parse(`"${text}"`));
    } catch {}
  }
  return "";
}
