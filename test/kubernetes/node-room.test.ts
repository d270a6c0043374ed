import fc from "fast-check";
import { expect, it } from "vitest";
import { openRooms, placePods } from "../../src/kubernetes/validate/node-room.ts";
import { node, pod } from "./support/cluster-facts.ts";

/** What is free on each node in pods, once `count` have each gone to the first of those with most room. */
function leaveOneByOne(fits: readonly number[], count: number): number[] {
  const left = [...fits];
  for (let placed = 0; placed < count && Math.max(...left) > 0; placed++) {
    const best = left.indexOf(Math.max(...left));
    left[best] = (left[best] ?? 0) - 1;
  }
  return left;
}

it("puts pods where they would be one by one", () => {
  const { spec } = pod("web", "", {});
  const sizes = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.nat({ max: 60 }), (fits, needed) => {
      const rooms = openRooms(
        fits.map((pods, index) => node(`n${index}`, { pods: String(pods) })),
        [],
      );
      const placed = placePods({ spec, labels: {} }, needed, rooms, []);
      const left = placed.rooms.map(({ free }) => Number((free.get("pods") ?? 0n) / 1_000_000_000n));
      expect(left).toEqual(leaveOneByOne(fits, needed));
      expect(placed.count).toBe(
        Math.min(
          needed,
          fits.reduce((sum, fit) => sum + fit, 0),
        ),
      );
    }),
  );
});
