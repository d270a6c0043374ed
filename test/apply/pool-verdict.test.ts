import { describe, expect, it } from "vitest";
import { parseEventLog } from "../../src/apply/engine-events.ts";
import { judgePool } from "../../src/apply/pool-verdict.ts";

const web = "urn:pulumi:prod::shop::aws:eks/nodeGroup:NodeGroup::web";
const queue = "urn:pulumi:prod::shop::aws:eks/nodeGroup:NodeGroup::queue";
const provider = "urn:pulumi:prod::shop::pulumi:providers:aws::default";

const step = (kind: string, op: string, urn: string) => ({ [kind]: { metadata: { op, urn, type: "t" } } });
const done = (op: string, urn: string) => step("resOutputsEvent", op, urn);
const error = (message: string, urn?: string) => ({ diagnosticEvent: { severity: "error", message, urn } });
const violation = (enforcementLevel: string, resourceUrn?: string) => ({
  policyEvent: {
    resourceUrn,
    message: "too many",
    policyName: "limit",
    policyPackName: "pack",
    enforcementLevel,
  },
});
const end = { summaryEvent: { result: "failed" } };

const run = (exitCode: number, ...events: object[]) => ({
  exitCode,
  stderr: "error: update failed",
  report: parseEventLog(events.map((event) => JSON.stringify(event)).join("\n")),
});

describe("a pool", () => {
  it.each([
    ["is changed by an update", run(0, done("update", web), end), { kind: "changed" }],
    [
      "is changed though another pool failed",
      run(1, done("update", web), step("resOpFailedEvent", "update", queue), end),
      { kind: "changed" },
    ],
    [
      "is unchanged where the engine found nothing to do",
      run(0, done("same", web), end),
      { kind: "unchanged" },
    ],
    [
      "is unchanged by a refresh alone",
      run(0, done("refresh", web), done("same", web), end),
      { kind: "unchanged" },
    ],
    [
      "fails with the words of its own resource",
      run(1, error("quota", web), error("other", queue), step("resOpFailedEvent", "update", web), end),
      { kind: "failed", outcome: "failed", message: "quota" },
    ],
    [
      "fails where its step failed without a word",
      run(1, step("resOpFailedEvent", "update", web), end),
      { kind: "failed", outcome: "failed" },
    ],
    [
      "is missing where the engine says so",
      run(1, error(`Target '${web}' could not be found in the stack.`), end),
      { outcome: "target-missing" },
    ],
    [
      "is missing where all went well without it",
      run(0, done("same", queue), end),
      { outcome: "target-missing" },
    ],
    [
      "fails where the program failed before it",
      run(1, error("boom"), end),
      { kind: "unreached", message: "boom" },
    ],
    [
      "is unreached where the engine was killed",
      run(128, done("same", queue)),
      { kind: "unreached", message: /stopped before/ },
    ],
    [
      "is denied by a mandatory policy",
      run(1, violation("mandatory", web), done("same", web), end),
      { outcome: "policy-denied", message: "pack/limit: too many" },
    ],
    [
      "is denied by a policy on the whole stack",
      run(1, violation("mandatory"), end),
      { outcome: "policy-denied" },
    ],
    [
      "is not denied by an advisory policy",
      run(0, violation("advisory", web), done("update", web), end),
      { kind: "changed" },
    ],
  ])("%s", (_, update, verdict) => {
    const { message, ...rest } = { message: undefined, ...verdict };
    const judged = judgePool([web], update);
    expect(judged).toMatchObject(rest);
    if (message !== undefined) expect(judged).toHaveProperty("message", expect.stringMatching(message));
  });

  it("with two targets is changed by either, and failed by either", () => {
    expect(judgePool([web, queue], run(0, done("same", web), done("update", queue), end))).toEqual({
      kind: "changed",
    });
    expect(
      judgePool([web, queue], run(1, done("update", web), step("resOpFailedEvent", "update", queue), end)),
    ).toMatchObject({ outcome: "failed" });
    expect(judgePool([web, queue], run(128, done("update", web)))).toMatchObject({ kind: "unreached" });
  });

  it("with a pattern is not changed by a provider that it means too", () => {
    const pattern = ["urn:pulumi:prod::shop::**"];
    expect(judgePool(pattern, run(0, done("update", provider), done("same", web), end))).toEqual({
      kind: "unchanged",
    });
    expect(judgePool(pattern, run(0, done("update", provider), done("update", web), end))).toEqual({
      kind: "changed",
    });
  });

  it("with a pattern is unreached by an update that stopped early: nobody knows what it did not reach", () => {
    expect(judgePool(["**::web*"], run(1, done("update", web), error("boom", queue), end))).toMatchObject({
      kind: "unreached",
    });
  });
});

it("half a line and unknown events are left out of an event log", () => {
  const report = parseEventLog(
    '{"newEvent":{}}\n{"resOutputsEvent":{"metadata":{"op":"same","urn":"u","type":"t"}}}\n{"summ',
  );
  expect(report).toMatchObject({ done: [{ op: "same", urn: "u" }], isComplete: false });
});
