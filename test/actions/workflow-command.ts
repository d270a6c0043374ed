/** `::name key=value::message` in a step's output. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Null for a line that is no command. */
export function parseWorkflowCommand(line: string): WorkflowCommand | null {
  const [, name, list = "", message = ""] = /^\s*::([a-z-]+)(?: ([^\r\n]*?))?::(.*)$/i.exec(line) ?? [];
  if (name === undefined) return null;
  const pairs = list.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    const value = pair
      .slice(at + 1)
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",");
    return at < 1 ? [] : [[pair.slice(0, at).trim(), unescapeData(value)]];
  });
  return { name: name.toLowerCase(), properties: Object.fromEntries(pairs), message: unescapeData(message) };
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

/**
 * Reads what a step wrote to GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STATE: `name=value` and `name<<end … end`.
 * Throws for what GitHub would not accept.
 */
export function parseKeyValueFile(content: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = content.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (line === "") continue;
    const [, name = "", operator, rest = ""] = /^(.*?)(=|<<)(.*)$/.exec(line) ?? [];
    if (operator === undefined || name === "") throw new Error(`Invalid format '${line}'`);
    if (operator === "=") {
      values[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest, index + 1);
    if (rest === "" || end === -1) throw new Error(`Invalid value. Matching delimiter not found '${rest}'`);
    values[name] = lines.slice(index + 1, end).join("\n");
    index = end;
  }
  return values;
}
