import { describe, expect, it } from "vitest";
import { fitDraft } from "../../src/forge/fit-draft.ts";
import { headMarkKey, withHeadMark } from "../../src/forge/head-mark.ts";

const draft = (body: string, title = "scale(shop.prod): 300 pools") => ({
  current: null,
  branch: "scale/shop.prod",
  title,
  body,
  repositoryNumber: "1",
  labels: [],
});
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => `| pool${index} | ${"why ".repeat(50)}|`);
const trailers = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `Pulumiscale-Scale: pool${index} 5 -> 7 event=0123456789abcdef`,
  );

describe("a pull request's text", () => {
  it("is left alone as long as GitHub takes it", () => {
    // The mark of the head comes on top.
    const mark = withHeadMark(headMarkKey("key"), { repository: "1", branch: "b", headOid: "" }, "");
    const fits = draft("x".repeat(65_536 - 100), "t".repeat(256));
    expect(mark.length).toBeLessThanOrEqual(100);
    expect(fitDraft(fits)).toEqual(fits);
  });

  it("loses lines of its table, and no trailer, where it is too long", () => {
    const { body } = fitDraft(draft([...rows(400), "", ...trailers(400)].join("\n")));
    expect(body.length).toBeLessThanOrEqual(65_436);
    const lines = body.split("\n");
    expect(lines.filter((line) => line.startsWith("Pulumiscale-"))).toEqual(trailers(400));
    const shown = lines.filter((line) => line.startsWith("|"));
    expect(shown.length).toBeGreaterThan(100);
    expect(shown).toEqual(rows(shown.length));
    expect(body).toContain("the commit has all of it");
  });

  it("loses the trailers too where they alone are too long", () => {
    const { body } = fitDraft(draft([...rows(4), ...trailers(2000)].join("\n")));
    expect(body).not.toContain("Pulumiscale-");
    expect(body).toContain("pool3");
    expect(body).toContain("the commit has all of it");
  });

  it("has a title that ends in an ellipsis where it is too long", () => {
    const { title } = fitDraft(draft("", "t".repeat(300)));
    expect([title.length, title.at(-1)]).toEqual([256, "…"]);
  });
});
