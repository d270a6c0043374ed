import { describe, expect, it } from "vitest";
import { joinHistories } from "../../src/domain/join-histories.ts";
import type { FileCommit, StackFile } from "../../src/domain/snapshot.ts";

const file = (value: number | null): StackFile =>
  value === null ? { kind: "missing" } : { kind: "text", text: `${value}` };
const numberIn = (found: StackFile) => (found.kind === "text" ? Number(found.text) : null);

/** A commit at a moment, which is its name too unless another is given. */
function aCommit(atMs: number, before: number | null, after: number | null, oid = `${atMs}`): FileCommit {
  return {
    oid,
    message: "",
    reachedAtMs: atMs,
    author: "alice",
    pullRequest: null,
    mergeMessage: null,
    before: file(before),
    after: file(after),
  };
}

function join(
  own: readonly FileCommit[],
  formers: readonly (readonly FileCommit[])[],
  isComplete = true,
): [string, number | null, number | null][] {
  const read = formers.map((commits) => ({ commits, isComplete: true }));
  return joinHistories({ commits: own, isComplete }, read).map(({ oid, before, after }) => [
    oid,
    numberIn(before),
    numberIn(after),
  ]);
}

describe("the history of a stack file that has moved", () => {
  it("goes on from what was at the former path, and the move itself changes nothing", () => {
    const before = [aCommit(30, 4, null), aCommit(20, 3, 4), aCommit(10, null, 3)];
    expect(join([aCommit(40, 4, 5), aCommit(30, null, 4)], [before])).toEqual([
      ["40", 4, 5],
      ["30", 4, 4],
      ["20", 3, 4],
      ["10", null, 3],
    ]);
  });

  it("has what a move has changed as a change", () => {
    expect(join([aCommit(30, null, 9)], [[aCommit(30, 4, null), aCommit(10, null, 4)]])).toEqual([
      ["30", 4, 9],
      ["10", null, 4],
    ]);
  });

  it.each([
    ["the same", 4],
    ["another", 7],
  ])("takes a file that was deleted, and then added with %s value, for the one of before", (_, value) => {
    const before = [aCommit(20, 4, null), aCommit(10, null, 4)];
    expect(join([aCommit(30, null, value)], [before])).toEqual([
      ["30", 4, value],
      ["10", null, 4],
    ]);
  });

  it("leaves out what happened at the former path once there was a file at the one of now", () => {
    const before = [aCommit(50, 9, null), aCommit(40, 4, 9), aCommit(30, 3, 4), aCommit(10, null, 3)];
    expect(join([aCommit(35, 4, 4)], [before])).toEqual([
      ["35", 4, 4],
      ["30", 3, 4],
      ["10", null, 3],
    ]);
  });

  it("follows a file that has moved twice", () => {
    const first = [aCommit(20, 3, null), aCommit(10, null, 3)];
    const second = [aCommit(40, 5, null), aCommit(30, 3, 5), aCommit(20, null, 3)];
    expect(join([aCommit(40, null, 5)], [second, first])).toEqual([
      ["40", 5, 5],
      ["30", 3, 5],
      ["20", 3, 3],
      ["10", null, 3],
    ]);
  });

  it("follows a file that has moved away and back", () => {
    const own = [aCommit(40, null, 5), aCommit(20, 3, null), aCommit(10, null, 3)];
    const away = [aCommit(40, 5, null), aCommit(30, 3, 5), aCommit(20, null, 3)];
    expect(join(own, [away])).toEqual([
      ["40", 5, 5],
      ["30", 3, 5],
      ["20", 3, 3],
      ["10", null, 3],
    ]);
  });

  it("keeps what came in the same second as the move", () => {
    const moved = aCommit(20, null, 4, "move");
    const before = [aCommit(20, 4, null, "move"), aCommit(20, 3, 4, "scale")];
    expect(join([moved], [before])).toEqual([
      ["move", 4, 4],
      ["scale", 3, 4],
    ]);
  });

  it("is that of the path alone where more was there than could be read", () => {
    expect(join([aCommit(40, 4, 5)], [[aCommit(20, 3, 4)]], false)).toEqual([["40", 4, 5]]);
  });
});
