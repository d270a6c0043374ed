import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { cleanOutput } from "../apply/clean-output.ts";
import { previewValue } from "../apply/preview-value.ts";
import { systemClock } from "../clock.ts";
import type { Contract } from "../domain/contract.ts";
import type { Ask, Intent } from "../domain/intent.ts";
import { historyWindowMs } from "../domain/read-pool-state.ts";
import { readSidecarSettings } from "../settings.ts";
import { type ApplyEnd, isFailedEnd } from "../workflows/apply-queue.ts";
import { deliverLocally } from "../workflows/deliver-locally.ts";
import { readLocalRecord } from "../workflows/local-record.ts";
import type { StackContext } from "../workflows/read-situation.ts";
import { dryRun, scalePools } from "../workflows/scale-pool.ts";
import type { PreviewView, ScaleResult } from "../workflows/scaling.ts";
import { SnapshotCache } from "../workflows/snapshot-cache.ts";
import { applyOnce } from "./local/apply-once.ts";
import { findStack } from "./local/find-stack.ts";
import { type LocalFlags, type LocalOutside, localOutside } from "./local/flags.ts";
import { type LocalProgram, openProgram } from "./local/open-program.ts";
import { readContract } from "./local/read-rules.ts";
import { recoverUpdates, recoverValues } from "./local/recover.ts";
import { printAnswer } from "./print-answer.ts";
import { UsageError } from "./usage-error.ts";

export type ScaleFlags = LocalFlags & {
  dryRun?: boolean;
  /** Has the committed value applied at once. */
  apply?: boolean;
  /** Lets a change over a threshold through: whoever runs the command is the person who approves it. */
  approve?: boolean;
};

/**
 * `pulumiscale scale <pool> <n|+n|-n>`: decides as for a webhook, commits, and with `--apply` applies. A hold or a refusal is a
 * failure: what was asked for was not done.
 */
export async function runScale(pool: string, amount: string, flags: ScaleFlags): Promise<number> {
  const ask = parseAmount(amount);
  const outside = localOutside();
  process.once("SIGINT", outside.interrupt);
  process.once("SIGTERM", outside.interrupt);
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const { contract } = await readContract(program, outside);
  const requestedBy = await readAuthor(program);
  const summary = `pulumiscale scale ${pool} ${amount}`;
  const event = randomBytes(8).toString("hex");
  const intent: Intent = { pool, ask, source: "cli", requestedBy, event, summary };
  if (flags.dryRun === true) return showDryRun(program, contract, intent, flags);
  await recoverUpdates(program, outside);
  await recoverValues(program, outside);
  const context = contextOf(program, contract, flags);
  const deliverer = deliverLocally(context, program.forge, flags.approve === true ? requestedBy : null);
  const [result] = await scalePools(context, deliverer, [intent]);
  if (result === undefined) throw new Error("a scaling request was decided to nothing");
  const end = flags.apply === true && result.commit !== null ? await applyNow(program, outside) : null;
  const receipt = end?.kind === "done" ? end.receipt : null;
  printAnswer(flags, { result, ...(end === null ? {} : { apply: end }) }, cleanOutput(describe(result, end)));
  const isApplied = end === null || !isFailedEnd(end);
  return result.kind === "scale" && isApplied && (receipt === null || receipt.outcome === "applied") ? 0 : 1;
}

async function showDryRun(
  program: LocalProgram,
  contract: Contract,
  intent: Intent,
  flags: ScaleFlags,
): Promise<number> {
  const [result] = await dryRun(contextOf(program, contract, flags), [intent]);
  if (result === undefined) throw new Error("a scaling request was decided to nothing");
  const { deployPlace: place, engine, world } = program;
  const preview =
    result.kind === "scale" && result.to !== null
      ? await previewValue(
          { pool: result.pool, to: result.to },
          contract,
          { place, checkout: await program.readCheckout(), engine },
          world,
        )
      : null;
  const shown = preview === null ? "" : `\n${result.diff}\n${describePreview(preview)}`;
  printAnswer(
    flags,
    { result: preview === null ? result : { ...result, preview } },
    `${sentenceOf(result)}${shown}`,
  );
  return result.kind === "scale" && preview?.verdict === "changes" ? 0 : 1;
}

/** What a command needs that decides. */
export function contextOf(
  program: LocalProgram,
  contract: Contract,
  { approve }: Pick<ScaleFlags, "approve">,
): StackContext {
  const { place, forge } = program;
  const read = () => forge.readSnapshot(place, historyWindowMs(contract.values()));
  return {
    place,
    clock: systemClock,
    paused: readSidecarSettings().paused,
    snapshots: new SnapshotCache(read, systemClock),
    readRecord: (snapshot) =>
      readLocalRecord(snapshot, place.alias, contract, approve === true ? "open" : "hold"),
  };
}

function applyNow(program: LocalProgram, outside: LocalOutside): Promise<ApplyEnd> {
  return applyOnce(program, { kind: "commit" }, outside.tell).catch((error: unknown): ApplyEnd => {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  });
}

/** `12` sets, `+2` and `-2` move. Throws `UsageError`. */
function parseAmount(text: string): Ask {
  const match = /^([+-]?)(\d{1,7})$/.exec(text);
  if (match === null)
    throw new UsageError(
      `${JSON.stringify(text)} is no amount: give a value such as 12, or a difference such as +2 or -2.`,
    );
  const number = Number(text);
  return match[1] === "" ? { kind: "value", value: number } : { kind: "delta", delta: number };
}

/** Whoever git knows here as the author; else the user. */
export async function readAuthor({ repository }: LocalProgram): Promise<string> {
  const name = await repository?.git
    .ask(["config", "user.name"], { cwd: repository.root })
    .catch(() => undefined);
  return name || userInfo().username;
}

function describe(result: ScaleResult, end: ApplyEnd | null): string {
  const lines = [sentenceOf(result)];
  if (result.commit !== null) lines.push(`Committed as ${result.commit.slice(0, 12)}.`);
  if (result.commit !== null && end === null)
    lines.push(
      "It is not applied yet: a running `pulumiscale serve`, `--apply` or the deploy workflow does that.",
    );
  if (end?.kind === "failed") lines.push(`It could not be applied: ${end.message}`);
  if (end?.kind === "done") {
    for (const { pool, from, to, outcome, message } of end.receipt?.pools ?? [])
      lines.push(`${pool} ${from ?? "?"} → ${to} ${outcome}${message === "" ? "" : `: ${message}`}`);
    lines.push(...end.problems);
  }
  return lines.join("\n");
}

function sentenceOf({ kind, pool, from, to, reasons }: ScaleResult): string {
  const why = reasons.map(({ message }) => message).join("; ");
  return kind === "scale"
    ? `${pool} ${from} → ${to}: ${why}`
    : `${pool} stays${from === null ? "" : ` at ${from}`}: ${why}`;
}

function describePreview({ verdict, steps, message }: PreviewView): string {
  const words = {
    changes: "Pulumi would change:",
    "no-effect": "Pulumi would change nothing: the value does not reach the pool's targets.",
    failed: `Pulumi's preview failed: ${message}`,
  } as const satisfies Record<PreviewView["verdict"], string>;
  return [words[verdict], ...steps.map(({ op, urn }) => `  ${op} ${urn}`)].join("\n");
}
