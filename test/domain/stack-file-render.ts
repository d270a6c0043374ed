import type { MapNode, ModelNode, StackFileModel } from "./stack-file-model.ts";

/** The text of a model, its pools holding these values in the order of the file. */
export function renderStackFile(model: StackFileModel, values: readonly number[]): string {
  const left = values.values();
  const config = model.style === "flow" ? ` ${flow(model.config, left)}\n` : block(model.config, 0, 0, left);
  const text = `${model.header}config:${config}${model.footer}`;
  return (
    model.start + (model.end === "none" ? text.replace(/\n$/, "") : text).replaceAll("\n", model.lineEnd)
  );
}

type Values = IterableIterator<number>;

/** What follows a `key:` or a `-` at this column, up to and including the end of its last line. */
function block(node: ModelNode, column: number, leastIndent: number, values: Values): string {
  if (node.kind === "pool") return ` ${node.quote}${values.next().value}${node.quote}${node.tail}\n`;
  if (node.kind === "text") return ` ${node.source}${node.tail}\n`;
  if (node.kind === "block-text") {
    return ` |\n${node.lines.map((line) => `${pad(column + node.indent)}${line}\n`).join("")}`;
  }
  const indent = column + Math.max(node.indent, leastIndent);
  const comment = node.comment === "" ? "" : ` ${node.comment}`;
  return `${comment}\n${pad(indent)}${children(node, indent, values)}`;
}

/** The entries or items of a collection at this column, without the indent of the first. */
function children(node: ModelNode & { kind: "map" | "list" }, column: number, values: Values): string {
  const between = node.comment === "" ? pad(column) : `\n${pad(column)}${node.comment}\n${pad(column)}`;
  if (node.kind === "map") {
    return node.entries
      .map((entry) => entry.key.written + entryValue(entry, node, column, values))
      .join(between);
  }
  return node.items
    .map((item) => {
      const compact = (item.kind === "map" || item.kind === "list") && item.comment === "";
      if (!compact) return `-${block(item, column, 1, values)}`;
      return `-${node.gap}${children(item, column + 1 + node.gap.length, values)}`;
    })
    .join(between);
}

function entryValue(
  { value }: MapNode["entries"][number],
  map: MapNode,
  column: number,
  values: Values,
): string {
  const rendered = block(value, column, value.kind === "list" ? 0 : 1, values);
  return `:${value.kind === "pool" || value.kind === "text" ? map.gap + rendered.slice(1) : rendered}`;
}

function flow(node: ModelNode, values: Values): string {
  if (node.kind === "pool")
    return `${node.quote}${values.next().value}${node.quote}${/^\s*/.exec(node.tail)?.[0]}`;
  if (node.kind === "text") return node.source;
  if (node.kind === "block-text") return JSON.stringify(node.lines.join("\n"));
  const between = node.comment === "" ? "," : `, ${node.comment}\n${pad(20)}`;
  if (node.kind === "list") return `[${node.items.map((item) => flow(item, values)).join(between)}]`;
  return `{${node.entries.map(({ key, value }) => `${key.written}:${node.gap}${flow(value, values)}`).join(between)} }`;
}

function pad(column: number): string {
  return " ".repeat(column);
}
