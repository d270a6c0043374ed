import { describe, expect, test } from "vitest";
import { readSnsTopics } from "../../src/domain/sns-topics.ts";

const ONE = "arn:aws:sns:us-east-1:123456789012:scaling";
const TWO = "arn:aws-cn:sns:cn-north-1:210987654321:scaling";

function read(text: string, project = "shop"): string[] | string {
  const topics = readSnsTopics(text, project);
  return topics.kind === "topics" ? [...topics.arns] : topics.message;
}

describe("the list of a stack file", () => {
  test.each<[string, string, string[]]>([
    [
      "as Pulumi writes it",
      `config:\n  shop:count: 3\n  pulumiscale:sns-topics:\n    - ${ONE}\n    - ${TWO}\n`,
      [ONE, TWO],
    ],
    ["quoted, in a flow list", `config: { "pulumiscale:sns-topics": ["${ONE}"] }\n`, [ONE]],
    ["under the old name of the key", `config:\n  pulumiscale:config:sns-topics: [${ONE}]\n`, [ONE]],
    ["with CRLF and a comment", `config:\r\n  pulumiscale:sns-topics: # ours\r\n    - ${ONE}\r\n`, [ONE]],
    ["with one entry twice", `config:\n  pulumiscale:sns-topics: [${ONE}, ${ONE}]\n`, [ONE]],
  ])("is read %s", (_how, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("is the namespace's own: a bare key is the project's", () => {
    const text = `config:\n  sns-topics: [${ONE}]\n`;
    expect(read(text)).toContain("has no list");
    expect(read(text, "pulumiscale")).toEqual([ONE]);
  });

  test.each<[string, string, RegExp]>([
    ["no list", "config:\n  shop:count: 3\n", /has no list.*pulumi config set --path/],
    ["no config", "{}\n", /has no list/],
    ["an empty file", "", /has no list/],
    ["a tag on an entry", `config:\n  pulumiscale:sns-topics: [!x ${ONE}]\n`, /no ARN/],
    ["a tag on the config", `config: !x\n  pulumiscale:sns-topics: [${ONE}]\n`, /has no list/],
    [
      "a merge key beside it",
      `x: &l {}\nconfig:\n  <<: *l\n  pulumiscale:sns-topics: [${ONE}]\n`,
      /has no list/,
    ],
    ["an empty list", "config:\n  pulumiscale:sns-topics: []\n", /is empty.*pulumi config set --path/],
    ["nothing", "config:\n  pulumiscale:sns-topics:\n", /no plain list/],
    ["a text", `config:\n  pulumiscale:sns-topics: ${ONE}\n`, /no plain list/],
    ["a list in a text", `config:\n  pulumiscale:sns-topics: '["${ONE}"]'\n`, /no plain list/],
    [
      "a secret",
      "config:\n  pulumiscale:sns-topics:\n    secure: AAABAHNlY3JldA==\n",
      /secret.*line 3.*--plaintext/,
    ],
    [
      "a secret entry",
      `config:\n  pulumiscale:sns-topics:\n    - ${ONE}\n    - secure: AAABAHNlY3JldA==\n`,
      /secret.*line 4/,
    ],
    [
      "an entry that is no topic",
      `config:\n  pulumiscale:sns-topics:\n    - ${ONE}\n    - scaling\n`,
      /line 4.*no ARN/,
    ],
    ["a wildcard", "config:\n  pulumiscale:sns-topics: ['arn:aws:sns:us-east-1:123456789012:*']\n", /no ARN/],
    ["a topic of another kind", `config:\n  pulumiscale:sns-topics: [${ONE}.fifo]\n`, /no ARN/],
    ["an alias", `x: &l [${ONE}]\nconfig:\n  pulumiscale:sns-topics: *l\n`, /no plain list/],
    ["an alias for an entry", `x: &l ${ONE}\nconfig:\n  pulumiscale:sns-topics: [*l]\n`, /no ARN/],
    ["a tag", `config:\n  pulumiscale:sns-topics: !secret [${ONE}]\n`, /no plain list/],
    ["a merge key", `x: &l\n  pulumiscale:sns-topics: [${ONE}]\nconfig:\n  <<: *l\n`, /has no list/],
    [
      "two lists",
      `config:\n  pulumiscale:sns-topics: [${ONE}]\n  pulumiscale:config:sns-topics: [${TWO}]\n`,
      /twice/,
    ],
    [
      "a key given twice",
      `config:\n  pulumiscale:sns-topics: [${ONE}]\n  pulumiscale:sns-topics: [${TWO}]\n`,
      /twice/,
    ],
    ["a file that is no YAML", "config: [\n", /not valid YAML/],
  ])("lets nobody in with %s, and says what to do", (_what, text, sentence) => {
    expect(read(text)).toMatch(sentence);
    expect(read(text)).not.toContain("AAABAHNlY3JldA");
  });
});
