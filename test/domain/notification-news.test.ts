import { describe, expect, it } from "vitest";
import { decideNews } from "../../src/domain/notification-news.ts";
import { notification } from "../support/notification.ts";

const START = Date.parse("2026-11-21T12:00:00Z");
const SINCE = { openMs: START, endMs: START };
const at = (seconds: number, over: Parameters<typeof notification>[0] = {}) =>
  notification({ atMs: START + seconds * 1000, ...over });

describe("decideNews", () => {
  it("at the first look tells only of what became so since the start", () => {
    const before = at(-1, { identity: ["a"] });
    const after = at(1, { identity: ["b"] });
    const first = decideNews(null, [after, before], SINCE);
    expect(first.news).toEqual([after]);
    expect(decideNews(first.seen, [after, before], SINCE).news).toEqual([]);
  });

  it("then tells of all that is new, whatever clock has dated it", () => {
    const { seen } = decideNews(null, [], SINCE);
    const late = at(-3_600);
    expect(decideNews(seen, [late], SINCE).news).toEqual([late]);
  });

  it("tells nothing that is older than a day: a history was read further back", () => {
    const { seen } = decideNews(null, [], SINCE);
    expect(decideNews(seen, [at(-25 * 3_600)], SINCE).news).toEqual([]);
  });

  it("tells in the order in which it happened", () => {
    const [one, two] = [at(1, { identity: ["a"] }), at(2, { kind: "applied" })];
    expect(decideNews(null, [two, one], SINCE).news).toEqual([one, two]);
  });

  it("tells of what was taken for told, once it is known that nobody can have", () => {
    const [opened, applied] = [at(-60), at(-70, { kind: "applied" })];
    const { seen } = decideNews(null, [opened, applied], SINCE);
    const since = { openMs: START - 50_000, endMs: START - 80_000 };
    const again = decideNews(seen, [opened, applied], since);
    expect(again.news).toEqual([applied]);
    expect(decideNews(again.seen, [opened, applied], since).news).toEqual([]);
  });

  it("remembers what is still so, however much there was", () => {
    const kept = at(1, { identity: ["kept"] });
    let { seen } = decideNews(null, [kept], SINCE);
    for (let round = 0; round < 30; round++) {
      const many = Array.from({ length: 200 }, (_, index) => at(2, { identity: [round, index] }));
      ({ seen } = decideNews(seen, [kept, ...many], SINCE));
    }
    expect(seen.size).toBe(2000);
    expect(decideNews(seen, [kept], SINCE).news).toEqual([]);
  });
});
