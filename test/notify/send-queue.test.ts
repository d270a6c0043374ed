import { describe, expect, it } from "vitest";
import type { Sent } from "../../src/notify/notifier.ts";
import { SendQueue } from "../../src/notify/send-queue.ts";

const WAITS = { tryMs: 1_000, againMs: [1, 1, 1], stopMs: 50 };
const AGAIN: Sent = { kind: "again", why: "it answered 503", afterMs: null };

function open(waits = {}) {
  const givenUp: string[] = [];
  return { givenUp, queue: new SendQueue((why) => givenUp.push(why), { ...WAITS, ...waits }) };
}

/** Never answers, and ends when it is told to. */
const hang = (signal: AbortSignal): Promise<Sent> =>
  new Promise((done) => signal.addEventListener("abort", () => done(AGAIN), { once: true }));

describe("SendQueue", () => {
  it("sends one after the other, in the order in which they came", async () => {
    const { queue, givenUp } = open();
    const sent: number[] = [];
    for (const number of [1, 2, 3])
      queue.add(async () => {
        await new Promise((done) => setTimeout(done, 5 - number));
        sent.push(number);
        return { kind: "sent" };
      });
    await queue.idle();
    expect([sent, givenUp]).toEqual([[1, 2, 3], []]);
  });

  it("tries a few times again, and then gives it up and goes on with the next", async () => {
    const { queue, givenUp } = open();
    let tries = 0;
    queue.add(async () => {
      tries += 1;
      return AGAIN;
    });
    let isSent = false;
    queue.add(async () => {
      isSent = true;
      return { kind: "sent" };
    });
    await queue.idle();
    expect({ tries, isSent, givenUp }).toEqual({
      tries: 4,
      isSent: true,
      givenUp: ["it answered 503, after 4 tries"],
    });
  });

  it("tries nothing again that would fail again", async () => {
    const { queue, givenUp } = open();
    let tries = 0;
    queue.add(async () => {
      tries += 1;
      return { kind: "refused", why: "it answered 404" };
    });
    await queue.idle();
    expect([tries, givenUp]).toEqual([1, ["it answered 404"]]);
  });

  it("ends a try that takes too long", async () => {
    const { queue, givenUp } = open({ tryMs: 10, againMs: [] });
    queue.add(hang);
    await queue.idle();
    expect(givenUp).toEqual(["it answered 503, after one try"]);
  });

  it("holds a hundred messages, tells once of what is too many, and takes more when there is room", async () => {
    const { queue, givenUp } = open();
    const gate = Promise.withResolvers<Sent>();
    queue.add(() => gate.promise);
    let sent = 0;
    const add = () =>
      queue.add(async () => {
        sent += 1;
        return { kind: "sent" };
      });
    for (let count = 0; count < 150; count++) add();
    expect(givenUp).toEqual(["100 messages wait for it already"]);
    gate.resolve({ kind: "sent" });
    await queue.idle();
    expect(sent).toBe(100);
    add();
    await queue.idle();
    expect(sent).toBe(101);
  });

  it("tells of each time that there are too many", async () => {
    const { queue, givenUp } = open();
    for (let outage = 0; outage < 2; outage++) {
      const gate = Promise.withResolvers<Sent>();
      for (let count = 0; count < 110; count++) queue.add(() => gate.promise);
      gate.resolve({ kind: "sent" });
      await queue.idle();
    }
    expect(givenUp).toEqual(Array.from({ length: 2 }, () => "100 messages wait for it already"));
  });

  it("at the stop tries what waits once more, ends what hangs, and takes nothing new", async () => {
    const { queue, givenUp } = open({ tryMs: 60_000, againMs: [3_600_000] });
    let tries = 0;
    queue.add(async () => {
      tries += 1;
      return tries === 1 ? AGAIN : { kind: "sent" };
    });
    await expect.poll(() => tries).toBe(1);
    queue.add(hang);
    queue.add(hang);
    queue.add(hang);
    await queue.stop();
    expect(tries).toBe(2);
    expect(givenUp).toEqual(["it answered 503, after one try", "the app stops, with 2 messages unsent"]);
    queue.add(async () => {
      tries += 1;
      return { kind: "sent" };
    });
    await queue.idle();
    expect(tries).toBe(2);
  });
});
