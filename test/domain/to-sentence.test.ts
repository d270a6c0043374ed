import { expect, it } from "vitest";
import { toSentence } from "../../src/domain/to-sentence.ts";

it.each([
  ["web is paused until noon", "Web is paused until noon."],
  ["Nothing is open.", "Nothing is open."],
  ["which pool is meant, `web` or `api`?", "Which pool is meant, `web` or `api`?"],
  ["`web` has no such pool", "`web` has no such pool."],
])("%j is the sentence %j", (text, sentence) => {
  expect(toSentence(text)).toBe(sentence);
});
