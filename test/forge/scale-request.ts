import { formatMessage, type Scale } from "../../src/domain/scale-commit.ts";
import { editPoolValues, type PoolLocation } from "../../src/domain/stack-file.ts";
import type { FileCommitRequest, StackPlace } from "../../src/forge/forge.ts";

export const STACK_PATH = "infra/Pulumi.prod.yaml";

export function placeOf(path: string, branch = "main"): StackPlace {
  return { owner: "local", repo: "work", alias: "shop.prod", project: "shop", stack: "prod", branch, path };
}

export function locationOf(pool: string): PoolLocation {
  return { project: "shop", configKey: pool };
}

/** A commit that sets pools' values in a text, as a delivery asks for it. */
export function requestFor(
  head: string,
  text: string,
  values: Readonly<Record<string, number>>,
  path = STACK_PATH,
): FileCommitRequest {
  const edits = Object.entries(values).map(([pool, value]) => ({ location: locationOf(pool), value }));
  const edited = editPoolValues(text, edits);
  if (edited.kind === "refused") throw new Error(edited.refusal.message);
  const [first, ...others] = edited.changes.map(
    ({ from, to }, index): Scale => ({
      pool: Object.keys(values)[index] ?? "",
      from,
      to,
      requested: to,
      reasons: ["in-range"],
      source: "test",
      event: "0123456789abcdef",
    }),
  );
  if (first === undefined) throw new Error("no value");
  const commit = {
    alias: "shop.prod",
    scales: [first, ...others] as [Scale, ...Scale[]],
    requestedBy: "test",
  };
  return {
    urgency: "other",
    repositoryId: "",
    expectedHeadOid: head,
    path,
    text: edited.text,
    edits,
    ...formatMessage(commit, "As asked."),
  };
}
