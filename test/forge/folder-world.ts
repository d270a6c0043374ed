import { join } from "node:path";
import { readUpdates } from "../../src/apply/update-history.ts";
import { formatUpdateMessage } from "../../src/apply/update-message.ts";
import { type Contract, type Pool, parseContract } from "../../src/domain/contract.ts";
import type { PoolChange } from "../../src/domain/pool-history.ts";
import { readPoolState } from "../../src/domain/read-pool-state.ts";
import { formatMessage, type Scale } from "../../src/domain/scale-commit.ts";
import { createStackFileReader, editPoolValues } from "../../src/domain/stack-file.ts";
import { FolderForge } from "../../src/forge/folder-forge.ts";
import type { FileCommitRequest, StackPlace } from "../../src/forge/forge.ts";
import { makePulumiStack, type PulumiStack } from "../apply/support/pulumi-stack.ts";

export const ALIAS = "shop.dev";
export const EVENT = "0123456789abcdef";

/** A real stack whose program's directory is in no git. */
export type FolderWorld = {
  stack: PulumiStack;
  stateDir: string;
  place: StackPlace;
  forge: FolderForge;
  /** What a scale of pools would commit now. */
  draft: (to: Readonly<Record<string, number>>, event?: string) => Promise<FileCommitRequest>;
  /** Commits it. */
  scale: (to: Readonly<Record<string, number>>, event?: string) => Promise<string>;
  /** A targeted `up` of these pools, as an apply does it, which covers these commits. */
  apply: (pools: readonly AppliedPool[], commits: readonly string[]) => Promise<void>;
  /** The pool's changes, newest first, as a decision sees them. */
  changes: (pool: string) => Promise<PoolChange[]>;
};

type AppliedPool = { name: string; from: number; to: number };

/** Copies `yaml-stash` to a folder without git, and brings it up. */
export async function makeFolderWorld(): Promise<FolderWorld> {
  const stack = await makePulumiStack("yaml-stash", { webCount: 3, queueCount: 5, idleCount: 1 });
  await stack.pulumi("up", "--yes", "--skip-preview");
  const stateDir = join(stack.workDir, ".pulumiscale");
  const place: StackPlace = {
    owner: "local",
    repo: "program",
    alias: ALIAS,
    project: "shop",
    stack: "dev",
    branch: "",
    path: "Pulumi.dev.yaml",
  };
  const { workDir, environment } = stack;
  const read = (count: number) => readUpdates("dev", { workDir, environment }, count);
  const forge = new FolderForge({ workDir, stateDir, readUpdates: read, clock: Date.now });
  const output: unknown = JSON.parse(await stack.pulumi("stack", "output", "--json"));
  const { contract } = parseContract(isRecord(output) ? output.pulumiscale : null);
  const draft: FolderWorld["draft"] = async (to, event = EVENT) =>
    draftScale(forge, place, contract, to, event);
  return {
    stack,
    stateDir,
    place,
    forge,
    draft,
    scale: async (to, event) => forge.commit(place, await draft(to, event)),
    apply: async (pools, commits) => {
      const { history } = await forge.readSnapshot(place, 0);
      const covered = history.filter(({ oid }) => commits.includes(oid));
      const pending = pools.map(({ name, from, to }) => ({ pool: poolOf(contract, name), from, to }));
      const message = formatUpdateMessage({ alias: ALIAS }, pending, covered);
      const targets = pools.map(({ name }) => `--target=${stack.urn("pulumi:index:Stash", name)}`);
      await stack.pulumi("up", "--yes", "--skip-preview", "--message", message, ...targets);
    },
    changes: async (name) => {
      const snapshot = await forge.readSnapshot(place, 3_600_000);
      const facts = { applied: {}, receipt: null };
      const pool = poolOf(contract, name);
      const held = { everything: null, holds: [] };
      const read = readPoolState(snapshot, pool, place, facts, held, createStackFileReader());
      if (read.kind !== "state") throw new Error(read.message);
      return read.history;
    },
  };
}

async function draftScale(
  forge: FolderForge,
  place: StackPlace,
  contract: Contract,
  to: Readonly<Record<string, number>>,
  event: string,
): Promise<FileCommitRequest> {
  const snapshot = await forge.readSnapshot(place, 3_600_000);
  if (snapshot.file.kind !== "text") throw new Error("there is no stack file");
  const edits = Object.entries(to).map(([name, value]) => ({
    location: { ...poolOf(contract, name).location, project: place.project },
    value,
  }));
  const edited = editPoolValues(snapshot.file.text, edits);
  if (edited.kind === "refused") throw new Error(edited.refusal.message);
  const [first, ...others] = Object.keys(to).map((pool, index): Scale => {
    const change = edited.changes[index];
    if (change === undefined) throw new Error("no change");
    const reasons = ["in-range"];
    return { pool, from: change.from, to: change.to, requested: change.to, reasons, source: "test", event };
  });
  if (first === undefined) throw new Error("nothing to scale");
  return {
    urgency: "scale-out",
    repositoryId: snapshot.repositoryId,
    expectedHeadOid: snapshot.headOid,
    path: place.path,
    text: edited.text,
    edits,
    ...formatMessage({ alias: place.alias, scales: [first, ...others], requestedBy: "tester" }, "As asked."),
  };
}

function poolOf(contract: Contract, name: string): Pool {
  const pool = contract.get(name);
  if (pool === undefined) throw new Error(`${name} is not in the contract`);
  return pool;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
