import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LONGEST_COMMENT } from "../../src/apply/apply-forge.ts";
import { renderFailedPreview, renderPreviewComment } from "../../src/apply/preview-comment.ts";
import { type PreviewedPool, renderPreview } from "../../src/apply/render-preview.ts";
import { hostileText, tries } from "../fuzz/support/fuzz.ts";

const FACTS = { alias: "shop.prod", headOid: "0123456789abcdef", runUrl: "https://github.example/run/7" };

function failed(message: string, pool = "web"): PreviewedPool {
  return { pool, from: 3, to: 4, verdict: "failed", message };
}

/** What stands outside of blocks of code. Throws where one is left open. */
function outsideOf(markdown: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const [, ticks = ""] = /^ {0,3}(`{3,})/.exec(line) ?? [];
    if (fence === undefined && ticks !== "") fence = ticks;
    else if (fence === undefined) lines.push(line);
    else if (ticks.length >= fence.length && line.trim() === ticks) fence = undefined;
  }
  if (fence !== undefined) throw new Error(`A block is not closed:\n${markdown}`);
  return lines.join("\n");
}

describe("a preview as a comment", () => {
  it("tells pools, what Pulumi said, and what would be carried along", () => {
    const pools: PreviewedPool[] = [
      { pool: "api", from: null, to: 2, verdict: "changes", message: "" },
      failed("the quota is used up"),
    ];
    expect(renderPreviewComment(renderPreview(pools, "delete `urn:old`"), FACTS)).toBe(
      [
        "### Preview of `shop.prod` at 0123456",
        "| pool | value | preview |\n|---|---|---|\n| api | ? → 2 | would be applied |\n| web | 3 → 4 | would fail |",
        "**web**\n\n```text\nthe quota is used up\n```",
        "**Not of this scale**\n\n```text\ndelete `urn:old`\n```",
        "<sub>A targeted preview by the deploy workflow's Action: nothing was moved. It is made anew with every push · [the run](https://github.example/run/7)</sub>",
      ].join("\n\n"),
    );
  });

  it("holds no text of Pulumi's outside of code, whatever it is", () => {
    const plain = outsideOf(renderPreviewComment(renderPreview([failed("")], null), FACTS));
    fc.assert(
      fc.property(hostileText, hostileText, (message, unexpected) => {
        fc.pre(message !== "");
        const body = renderPreviewComment(renderPreview([failed(message)], unexpected), FACTS);
        const words = outsideOf(body)
          .split("\n")
          .filter((line) => line !== "");
        const expected = plain.split("\n").filter((line) => line !== "");
        expect(words).toEqual([
          ...expected.slice(0, -1),
          "**web**",
          "**Not of this scale**",
          ...expected.slice(-1),
        ]);
        const failure = outsideOf(renderPreviewComment(renderFailedPreview(message), FACTS));
        expect(failure.split("\n").filter((line) => line !== "")).toEqual([
          expected[0],
          "The preview could not be made:",
          ...expected.slice(-1),
        ]);
      }),
      tries(300),
    );
  });

  it("is at most as long as GitHub takes it, and no block is left open", () => {
    const long = Array.from({ length: 900 }, (_, index) =>
      failed(`${"`".repeat(index % 9)}x`.repeat(300), `p${index}`),
    );
    const body = renderPreviewComment(renderPreview(long, "x".repeat(9000)), FACTS);
    expect(body.length).toBeLessThanOrEqual(LONGEST_COMMENT);
    expect(body.length).toBeGreaterThan(LONGEST_COMMENT / 2);
    expect(outsideOf(body)).toContain("… There is more: the run's page has all of it.");
    expect(outsideOf(body)).toContain("… and 700 more.");
    expect(renderPreviewComment(renderFailedPreview("y".repeat(90_000)), FACTS).length).toBeLessThan(5000);
  });
});
