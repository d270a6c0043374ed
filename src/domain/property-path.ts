/** One step of a property path: the key of a map, or the index of a list. */
export type PropertySegment = string | number;

export type ParsedPropertyPath =
  | { kind: "path"; segments: PropertySegment[] }
  | { kind: "bad-path"; problem: string };

/**
 * Parses a Pulumi property path (`a.b[0]["x.y"]`) into its segments, as strictly as `pulumi config --path` does.
 * What Pulumi accepts is accepted, `a-b.c`, `a..b` and `a[0]b` too; `\"` is the only escape.
 * Stricter than Pulumi in two things that name no single value: the wildcard `[*]` and negative indices.
 *
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties_path.go
 */
export function parsePropertyPath(path: string): ParsedPropertyPath {
  if (path.startsWith(".")) return bad("a path starts with a name or an index, not with a dot");
  const segments: PropertySegment[] = [];
  let at = 0;
  while (at < path.length) {
    if (path[at] === ".") {
      at += 1;
      if (at === path.length) return bad("a path ends with a name or an index, not with a dot");
      if (path[at] === "[") return bad("a dot and a bracket cannot follow each other; leave the dot out");
      continue;
    }
    const step = path[at] === "[" ? readBracket(path, at) : readName(path, at);
    if (step.kind === "bad-path") return step;
    segments.push(step.segment);
    at = step.end;
  }
  return { kind: "path", segments };
}

/** The text of a path that parses to these segments, in Pulumi's shortest form. */
export function formatPropertyPath(segments: readonly PropertySegment[]): string {
  return segments
    .map((segment, position) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (segment === "" || /[.["]/.test(segment)) return `["${segment.replaceAll('"', '\\"')}"]`;
      return position === 0 ? segment : `.${segment}`;
    })
    .join("");
}

type Step = { kind: "step"; segment: PropertySegment; end: number } | { kind: "bad-path"; problem: string };

function readName(path: string, start: number): Step {
  const rest = path.slice(start);
  const length = rest.search(/[.[]/);
  const segment = length === -1 ? rest : rest.slice(0, length);
  return { kind: "step", segment, end: start + segment.length };
}

function readBracket(path: string, start: number): Step {
  if (path[start + 1] === '"') return readQuoted(path, start);
  const close = path.indexOf("]", start);
  if (close === -1) return bad("a bracket is opened and not closed");
  const inside = path.slice(start + 1, close);
  if (inside === "*") return bad('[*] names many values and a pool has one; a key that is a star is ["*"]');
  const index = Number(inside);
  if (!/^[-+]?[0-9]+$/.test(inside) || !Number.isSafeInteger(index)) {
    return bad('brackets hold the index of a list, or a key in double quotes: [0] or ["key"]');
  }
  if (index < 0 || Object.is(index, -0)) return bad("the index of a list cannot be negative");
  return { kind: "step", segment: index, end: close + 1 };
}

function readQuoted(path: string, start: number): Step {
  let key = "";
  let at = start + 2;
  while (path[at] !== '"') {
    if (at >= path.length) return bad("a quoted key has no closing quote");
    if (path.startsWith('\\"', at)) at += 1;
    key += path[at];
    at += 1;
  }
  if (path[at + 1] !== "]") return bad("a closing bracket belongs right after a quoted key");
  return { kind: "step", segment: key, end: at + 2 };
}

function bad(problem: string): { kind: "bad-path"; problem: string } {
  return { kind: "bad-path", problem };
}
