import { describe, expect, it } from "vitest";
import { parseCommands } from "../../src/domain/command.ts";
import { findCommandLines } from "../../src/domain/command-lines.ts";

/** `!` marks the lines that count, and stands where `/scale 1` does; `.` marks those that must not. */
function expectLines(comment: string): void {
  const marked = comment.split("\n");
  const body = marked.map((line) => line.replace(/[!.]$/, "/scale 1")).join("\n");
  const counting = marked.flatMap((line, index) => (line === "!" ? [index] : []));
  for (const lineBreak of ["\n", "\r\n", "\r"]) {
    const found = findCommandLines(body.replaceAll("\n", lineBreak));
    expect(found.filter(({ place }) => place === "open").map(({ line }) => line)).toEqual(counting);
  }
}

describe("a line that starts with /scale", () => {
  it.each(["/scale", "/scale 1", "/scale\t1", "/scale "])("%j counts", (line) => {
    expect(findCommandLines(`Hello\n${line}\nbye`)).toEqual([{ line: 1, text: line, place: "open" }]);
  });

  it.each([
    " /scale 1",
    "\t/scale 1",
    "\u00a0/scale 1",
    "\ufeff/scale 1",
    "\u200b/scale 1",
    "/Scale 1",
    "/SCALE 1",
    "/scales 1",
    "/scale-1",
    "/scale/web 1",
    "/scale\u00a01",
    "/scale\u20281",
    "/scale\v1",
    "//scale 1",
    "\\/scale 1",
    "`/scale 1`",
    "**/scale 1**",
    "please /scale 1",
    "- /scale 1",
    "1. /scale 1",
    "> /scale 1",
    ">/scale 1",
    "# /scale 1",
    "| /scale 1 |",
    "x\u2028/scale 1",
    "x\u0085/scale 1",
    "x\v/scale 1",
    "x\f/scale 1",
  ])("%j does not", (line) => {
    expect(findCommandLines(`Hello\n${line}\nbye`)).toEqual([]);
  });
});

// Each row is a comment, as `expectLines` reads it.
describe("where a line counts", () => {
  it.each<[string, string]>([
    ["in a paragraph", "Hello\n!\nbye\n!"],
    ["after a heading, a rule, a table", "# Title\n!\n---\n!\n| a |\n|---|\n| b |\n\n!"],
    ["after an underlined heading", "Title\n===\n!\nTitle\n---\n!"],
    ["as the rest of a list item", "- first\n!\n- second\n\n!"],
    ["after an image, a link and an autolink", "![a](b)\n!\n<https://a.example>\n!"],
    ["after inline HTML", "<b>look</b> here\n!"],
    ["after a comment in a line that nobody closes", "text <!-- a\n\n!"],
    ["after a list item that ends a fence of its own", "-      a\n  ```\n!"],
    ["after inline code", "`a` and ``b ` c``\n!\n`not closed\n\n!"],
  ])("%s", (_, comment) => expectLines(comment));
});

describe("where it does not", () => {
  it.each<[string, string]>([
    // Fenced code.
    ["in a fence", "```\n.\n```\n!"],
    ["in a fence of tildes", "~~~\n.\n~~~\n!"],
    ["in a fence with a language", "```sh\n.\n```\n!"],
    ["in a fence of tildes with backticks after it", "~~~ a`b\n.\n~~~\n!"],
    ["in a fence that cuts into a paragraph", "Look:\n```\n.\n```\n!"],
    ["in a fence that is indented a little", "   ```\n.\n  ```\n!"],
    ["in a fence within a longer one", "````\n```\n.\n```\n.\n````\n!"],
    ["in a fence of the other kind", "~~~\n```\n.\n~~~\n!\n"],
    ["in a fence whose end is longer", "```\n.\n`````  \n!"],
    ["in a fence that something follows on its end", "```\n.\n``` end\n.\n```\n!"],
    ["in a fence whose end is indented too much", "```\n.\n    ```\n.\n```\n!"],
    ["in a fence with empty lines", "```\n\n.\n\n.\n```\n!"],
    ["in a fence that nobody closes", "!\n```\n.\n\n."],
    ["in a fence with a list mark before what looks like its end", "```\n- ```\n.\n```\n!"],
    ["in a fence with a quote's mark before what looks like its end", "```\n> ```\n.\n```\n!"],
    ["in a fence after indented code that shows one", "text\n\n    ```\n\n```\n.\n```\n!"],
    ["in a fence after a comment that shows one", "<!--\n```\n-->\n\n```\n.\n```\n\n!"],
    ["in a fence after a list item that shows one", "- ```\n  a\n  ```\n\n```\n.\n```\n!"],
    ["in a fence within HTML", "<div>\n\n```\n.\n```\n\n</div>\n\n!"],
    // In a list; a line at the margin ends the item, but the eye sees a fence.
    ["in a fence of a list item", "- look\n  ```\n  .\n  ```\n\n!"],
    ["at the margin, in a fence of a list item", "- look\n  ```\n.\n  ```"],
    ["at the margin, in a fence that begins a list item", "1. ```\n.\n   ```"],
    ["at the margin, in a fence of an item of an item", "- 1. ```\n.\n     ```"],
    ["at the margin, after an empty list item", "-\n\n  ```\n.\n  ```"],
    ["in a fence after a list item that an empty line ends", "-\n\n  ```\n.\n``` a\n.\n\n."],
    ["in a fence after a rule that looks like a list", "- - -\n  ```\n.\n\n."],
    ["in a fence after a number that begins no list", "a\n2. b\n   ```\n.\n\n."],
    ["in a fence that a quote begins", "> ```\n.\n> ```"],
    ["what is not a fence begins none", "``` a`b\n\n!\n\n``` c`d\n!"],
    ["in a fence after a tag that is the rest of a quoted paragraph", "> a\n<b>\n```\n\n.\n```\n\n!"],
    ["after a tag under a heading that a dash makes", "Title\n-\n<b>\n.\n\n!"],
    ["two backticks begin none", "``\n\n!\n\n``\n\n!"],
    // Code spans.
    ["in a code span over lines", "see `this\n.\n` or\n!"],
    ["in a code span of two backticks", "see ``this `\n.\n`` or\n!"],
    ["in the second of two code spans", "`a` `b\n.\nc`\n!"],
    ["an escaped backtick begins none", "see \\`this\n!\n` or\n!"],
    ["two backslashes escape none", "see \\\\`this\n.\n` or\n!"],
    // Indented code, and quotes.
    ["in indented code", "text\n\n    .\n\n\t.\n!"],
    ["in a quote", "> .\n>.\n   > .\n\n!"],
    ["in a quote of a quote", "> > .\n\n!"],
    ["in a quote of a list item", "- > .\n\n!"],
    // HTML.
    ["in a comment on one line", "<!-- a -->\n!"],
    ["in a comment", "<!--\n.\n-->\n!"],
    ["in a comment with empty lines", "<!-- a\n\n.\n\n-->\n!"],
    ["in a comment that nobody closes", "!\n<!--\n.\n\n."],
    ["in a comment that begins in a line", "text <!-- a\n.\n--> b\n!"],
    ["in a comment that markdown takes for text", "text <!-- a\n\n.\n\n-->\n\n!"],
    ["in the second comment of a line", "a <!-- b --> c <!-- d\n.\n-->\n!"],
    ["an arrow alone ends nothing", "a --> b\n!"],
    ["a comment in code begins none", "```\n<!--\n```\n!\n\n-->\n!"],
    ["in details", "<details>\n.\n</details>\n\n!"],
    ["in details with empty lines", "<details><summary>log</summary>\n\n.\n\n</details>\n\n!"],
    ["in details that hold details", "<details>\n\n<details>\n\n.\n\n</details>\n\n.\n\n</details>\n\n!"],
    [
      "in details that show their end in a fence",
      "<details>\n\n```\n</details>\n```\n\n.\n\n</details>\n\n!",
    ],
    ["in details that nobody closes", "!\n<details open>\n\n."],
    ["in details that begin within a line", "The log: <details>\n\n.\n\n</details>\n\n!"],
    ["in details within another element", "<ul><li><details>\n\n.\n\n</details></li></ul>\n\n!"],
    ["after details that are only spoken of", "Put it into `<details>`, or \\<details>:\n\n!"],
    ["after details in a quote", "> see <details>\n\n!"],
    ["in preformatted text", "<pre>\n.\n\n.\n</pre>\n!"],
    ["in an element for code", "<code>\n.\n\n.\n</code>\n\n!"],
    ["in a quote of HTML", "<blockquote>\n\n.\n\n</blockquote>\n\n!"],
    ["in a table of HTML", "<table><tr><td>\n\n.\n\n</td></tr></table>\n\n!"],
    ["in a block of HTML, until a line is empty", "<div>\n.\n</div>\n.\n\n!"],
    ["after a tag that fills a line", '<span a="x > y">\n.\n\n!'],
    ["in a script", "<script>\n\n.\n\n</script>\n!"],
    ["in CDATA, an instruction, a declaration", "<![CDATA[\n.\n]]>\n!\n<?a\n.\n?>\n!\n<!A\n.\n>\n!"],
  ])("%s", (_, comment) => expectLines(comment));
});

describe("a line right under a quote", () => {
  it.each(["> web is slow\n/scale 3", "> > web\n> is slow\n/scale 3", "- > web\n/scale 3"])(
    "is part of it for GitHub, and the answer says so: %j",
    (body) => {
      expect(parseCommands(body, 0)).toMatchObject([
        { kind: "mistake", message: expect.stringContaining("an empty line before it") },
      ]);
    },
  );

  it.each(["> web is slow\n\n/scale 3", "> # web is slow\n/scale 3", ">\n/scale 3"])(
    "is not in %j",
    (body) => {
      expect(parseCommands(body, 0)).toMatchObject([{ kind: "command" }]);
    },
  );
});
