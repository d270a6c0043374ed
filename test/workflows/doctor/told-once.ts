import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DoctorFacts } from "../../../src/domain/doctor-facts.ts";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import { healthy } from "./doctor-facts.ts";

/** What is wrong with a repository in which all else is well, and what is said of it. */
export type WrongCase = readonly [
  what: string,
  state: string,
  check: string,
  change: Partial<DoctorFacts>,
  said: RegExp,
];

/** Each of these is told once, with what to do, by a check that the set-up page names. */
export function toldOnce(cases: readonly WrongCase[]): void {
  describe("each thing that is wrong is told once, with what to do", () => {
    it.each(cases)("%s", (_what, state, check, change, said) => {
      const told = judgeSetUp(healthy(change)).filter((finding) => finding.state !== "good");
      expect(told.map((finding) => [finding.state, finding.check])).toEqual([[state, check]]);
      expect(`${told[0]?.subject}: ${told[0]?.message} ${told[0]?.fix}`).toMatch(said);
      expect(told[0]?.fix).not.toBe("");
    });
  });

  it("is told of by name in the set-up page, each check", () => {
    const page = readFileSync(new URL("../../../docs/set-up.md", import.meta.url), "utf8");
    for (const check of new Set(cases.map(([, , name]) => name))) expect(page).toContain(`\`${check}\``);
  });
}
