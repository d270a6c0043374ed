import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from "yaml";
import { parseStackConfigKey } from "./stack-config-key.ts";
import { parseStackDocument, type StackDocument } from "./stack-document.ts";
import { parseTopicArn } from "./topic-arn.ts";

/** The topics whose messages a stack takes, or a sentence on why none is taken and what to do. */
export type SnsTopics = { kind: "topics"; arns: ReadonlySet<string> } | { kind: "refused"; message: string };

const KEY = "pulumiscale:sns-topics";
const HOW_TO_SET = `Add the topic with \`pulumi config set --path '${KEY}[0]' <topic ARN>\` and commit the stack file.`;

/**
 * Reads the list `pulumiscale:sns-topics` of a stack file. Anybody's topic signs validly, so the list is what lets a sender
 * in: it fails closed, and one entry that cannot be read lets in none. Nothing of the file is quoted.
 */
export function readSnsTopics(text: string, project: string): SnsTopics {
  const document = parseStackDocument(text);
  if (document.kind === "refused") return refused(document.refusal.message);
  const config = findValue(document.root, "config");
  const entries = isMap(config) && isPlain(document, config) ? config.items : [];
  const found = entries.filter(({ key }) => isScalar(key) && isTopicsKey(String(key.value), project));
  const [entry, second] = found;
  if (entry === undefined)
    return refused(`The stack file has no list ${KEY}, so no topic is let in. ${HOW_TO_SET}`);
  if (second !== undefined)
    return refused(
      `The stack file gives ${KEY} twice, under names that mean the same. Remove one of the two.`,
    );
  const list = entry.value;
  if (isMap(list) && findValue(list, "secure") !== undefined) return secret(document, list);
  if (list === null || !isSeq(list) || !isPlain(document, list))
    return refused(`${KEY} in the stack file is no plain list of topic ARNs. ${HOW_TO_SET}`);
  if (list.items.length === 0)
    return refused(`The list ${KEY} in the stack file is empty, so no topic is let in. ${HOW_TO_SET}`);
  const arns = new Set<string>();
  for (const item of list.items) {
    if (isMap(item) && findValue(item, "secure") !== undefined) return secret(document, item);
    const topic = isScalar(item) && isPlain(document, item) ? parseTopicArn(String(item.value)) : null;
    if (topic === null)
      return refused(
        `An entry of ${KEY} in the stack file (line ${lineOf(document, item ?? list)}) is no ARN of a topic, such as ` +
          "arn:aws:sns:us-east-1:123456789012:scaling, so no topic is let in. Correct that line.",
      );
    arns.add(topic.arn);
  }
  return { kind: "topics", arns };
}

function isTopicsKey(given: string, project: string): boolean {
  const key = parseStackConfigKey(given, project);
  return key !== null && `${key.namespace}:${key.name}` === KEY;
}

/** Nothing by which what stands there could be, or mean, something else: no alias, no tag, no merge key. */
function isPlain({ aliasNames }: StackDocument, node: ParsedNode): boolean {
  if (isAlias(node) || node.tag !== undefined) return false;
  if (node.anchor !== undefined && aliasNames.has(node.anchor)) return false;
  return !isMap(node) || node.items.every(({ key }) => isScalar(key) && key.value !== "<<");
}

function secret(document: StackDocument, node: ParsedNode): SnsTopics {
  return refused(
    `${KEY} in the stack file holds a secret (\`secure:\`, line ${lineOf(document, node)}), and the list must be readable in git. ` +
      "Set its entries with --plaintext.",
  );
}

function findValue(node: ParsedNode | null, name: string): ParsedNode | null | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && key.value === name)?.value;
}

function lineOf(document: StackDocument, node: ParsedNode): number {
  return document.lineOf(node.range[0]);
}

function refused(message: string): SnsTopics {
  return { kind: "refused", message };
}
