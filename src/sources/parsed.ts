import type { z } from "zod";

/** What is wrong with a request, and where: `$.alerts[0].labels` in the body, `?delta` in the URL. */
export type Issue = { path: string; message: string };

/** Input from outside after parsing. */
export type Parsed<T> = { kind: "parsed"; value: T } | { kind: "unprocessable"; issues: [Issue, ...Issue[]] };

const MAX_ISSUES = 10;

/** Parses with a schema; `root` starts every path: `$` for a body, `?` for a query. At most ten issues are told. */
export function parseWith<T>(schema: z.ZodType<T>, input: unknown, root: "$" | "?"): Parsed<T> {
  const result = schema.safeParse(input);
  if (result.success) return { kind: "parsed", value: result.data };
  const [first, ...others] = result.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: formatPath(path, root),
    message: printable(message, 200),
  }));
  return unprocessable(first ?? { path: root, message: "does not parse" }, ...others);
}

/** Input that can never work as it is. */
export function unprocessable(...issues: [Issue, ...Issue[]]): {
  kind: "unprocessable";
  issues: [Issue, ...Issue[]];
} {
  return { kind: "unprocessable", issues };
}

function formatPath(path: readonly PropertyKey[], root: "$" | "?"): string {
  if (root === "?") return `?${path.map(String).join(".")}`;
  const steps = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    const name = String(key);
    return /^[A-Za-z_]\w{0,62}$/.test(name) ? `.${name}` : `[${JSON.stringify(printable(name, 60))}]`;
  });
  return root + steps.join("");
}

/** Issues are told to the sender alone, so names keep their punctuation; only what moves a terminal's cursor goes. */
function printable(text: string, maxLength: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, maxLength);
}
