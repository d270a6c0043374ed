import { formatPending, readPendingOperations } from "../apply/pending-operations.ts";
import { formatFinding, type OwnContract } from "../apply/read-contract.ts";
import { readUpdateRecords } from "../apply/update-record.ts";
import type { Contract, Pool } from "../domain/contract.ts";
import { isFailure } from "../domain/receipt.ts";
import { parseRepositoryFile } from "../domain/repository-file.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { readSnsTopics } from "../domain/sns-topics.ts";
import { formatPoolLocation } from "../domain/stack-config-key.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { readUncommittedValues } from "../forge/local-git.ts";
import { parseEntry, unreadableEntry } from "../ledger/entry.ts";
import { findStack } from "./local/find-stack.ts";
import { type LocalFlags, type LocalOutside, localOutside } from "./local/flags.ts";
import { type LocalProgram, openProgram } from "./local/open-program.ts";
import { readContract, readSecrets } from "./local/read-rules.ts";
import { printAnswer } from "./print-answer.ts";
import { renderTable } from "./render-table.ts";

/** One thing that was looked at. `message` says what is wrong and what to do; it is empty where all is well. */
export type Finding = { subject: string; state: "good" | "warning" | "problem"; message: string };

/**
 * `pulumiscale check`: looks at all that scaling needs and changes nothing. Exit code 1 where something keeps it from working.
 */
export async function runCheck(flags: LocalFlags): Promise<number> {
  const outside = localOutside();
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const findings = await check(program, outside);
  const words = { good: "ok", warning: "warning", problem: "PROBLEM" } as const;
  const tones = { good: "faint", warning: "warning", problem: "failure" } as const;
  const rows = findings.map(({ subject, state, message }) => [
    { text: words[state], tone: tones[state] },
    { text: subject },
    { text: message },
  ]);
  printAnswer(flags, { stack: program.place.alias, findings }, renderTable(["", "what", "what to do"], rows));
  return findings.some(({ state }) => state === "problem") ? 1 : 0;
}

async function check(program: LocalProgram, outside: LocalOutside): Promise<Finding[]> {
  const own = await readContract(program, outside).catch(sentenceOf);
  const secrets = await readSecrets(program, outside).catch(sentenceOf);
  const snapshot = await program.forge.readSnapshot(program.place, 0).catch(sentenceOf);
  const contract = typeof own === "string" ? null : own.contract;
  return [
    ...contractFindings(own),
    typeof secrets === "string" ? problem("webhook secret", secrets) : good("webhook secret"),
    ...(typeof snapshot === "string"
      ? [problem("repository", snapshot)]
      : repositoryFindings(program, snapshot, contract)),
    ...(await uncommittedFindings(program, contract)),
    ...(await stateFindings(program)),
  ];
}

function contractFindings(own: OwnContract | string): Finding[] {
  if (typeof own === "string") return [problem("contract", own)];
  const warnings = own.warnings.map((finding) => warning("contract", formatFinding(finding)));
  return [good(`contract: ${[...own.contract.keys()].join(", ")}`), ...warnings];
}

function repositoryFindings(
  { repository, place }: LocalProgram,
  { file, repositoryFile, ledgerEntry }: Snapshot,
  contract: Contract | null,
): Finding[] {
  const where =
    repository === null
      ? "repository: none, so Pulumi's update history stands in for git"
      : `branch ${place.branch}`;
  const parsed = parseRepositoryFile(repositoryFile.kind === "text" ? repositoryFile.text : null);
  const findings = [
    good(where),
    parsed.kind === "bad"
      ? problem(".github/pulumiscale.yml", `${parsed.path === "" ? "" : `${parsed.path}: `}${parsed.message}`)
      : parsed.file.paused === true
        ? warning(".github/pulumiscale.yml", "`paused: true` holds all scaling. Take it out to go on.")
        : good(".github/pulumiscale.yml"),
    ...ledgerFindings(ledgerEntry, place.alias),
  ];
  if (file.kind === "text") {
    const topics = readSnsTopics(file.text, place.project);
    const sns = topics.kind === "refused" ? [warning("pulumiscale:sns-topics", topics.message)] : [];
    return [...findings, ...sns, ...poolFindings(contract, file.text, place.project, ledgerEntry)];
  }
  const why =
    file.kind === "missing" ? "is not committed. Commit it, so that it has a history." : file.message;
  return [...findings, problem("stack file", `${place.path} ${why}`)];
}

function poolFindings(
  contract: Contract | null,
  text: string,
  project: string,
  ledgerEntry: string | null,
): Finding[] {
  const parsed = ledgerEntry === null ? null : parseEntry(ledgerEntry);
  const applied = parsed?.kind === "entry" ? parsed.entry.applied : {};
  return [...(contract?.values() ?? [])].map((pool) =>
    poolFinding(pool, text, project, applied[pool.name] ?? null),
  );
}

function poolFinding(pool: Pool, text: string, project: string, applied: number | null): Finding {
  const read = readPoolValue(text, { ...pool.location, project });
  if (read.kind === "refused") return problem(`pool ${pool.name}`, read.refusal.message);
  if (read.value < pool.min || read.value > pool.max) {
    const range = `outside of ${pool.min} to ${pool.max}`;
    const why =
      read.value === applied
        ? `${read.value} is committed and applied, ${range}. The next demand brings it in range.`
        : `${read.value} is committed, ${range}, so it is not applied, and its pool is held. Commit a value in range, or change the contract and run a full \`pulumi up\`.`;
    return warning(`pool ${pool.name}`, why);
  }
  return good(`pool ${pool.name}: ${read.value}`);
}

/** Such a pool is held, so that nobody's edit is lost. In a plain folder an edit counts at once. */
async function uncommittedFindings(
  { repository, place }: LocalProgram,
  contract: Contract | null,
): Promise<Finding[]> {
  if (repository === null || contract === null) return [];
  const { project } = place;
  const pools = [...contract.values()].map((pool) => ({ ...pool.location, project }));
  const values = await readUncommittedValues(repository, place, pools).catch(sentenceOf);
  if (typeof values === "string") return [problem("work tree", values)];
  return values.map(({ location, committed, found }) =>
    problem(
      `edit of ${formatPoolLocation(location)}`,
      `${committed ?? "No number"} is committed and ${found ?? "no number"} stands in ${place.path}, so its pool is held. Commit the file, or take the edit back with \`git restore\`.`,
    ),
  );
}

function ledgerFindings(text: string | null, alias: string): Finding[] {
  if (text === null)
    return [warning("what is applied", "Nothing was applied from here yet. `pulumiscale up` notes what is.")];
  const parsed = parseEntry(text);
  if (parsed.kind !== "entry") return [problem("what is applied", `${unreadableEntry(alias, parsed)}.`)];
  const failed = (parsed.entry.receipt?.pools ?? []).filter(({ outcome }) => isFailure(outcome));
  return failed.length === 0
    ? [good("what is applied")]
    : failed.map(({ pool, to, outcome, message }) =>
        problem(`apply of ${pool}`, `${to} could not be applied (${outcome}): ${message}`),
      );
}

async function stateFindings({ engine, workDir, stack }: LocalProgram): Promise<Finding[]> {
  const records = await readUpdateRecords(engine.recordFolder ?? "").catch(() => []);
  const killed = records.map(() =>
    warning("updates", "One was killed, or runs at the moment. `pulumiscale up` or `serve` makes up for it."),
  );
  const operations = await readPendingOperations(stack, { ...engine, workDir }).catch(sentenceOf);
  if (typeof operations === "string") return [...killed, problem("state", operations)];
  const pending = operations.map((operation) => warning("state", formatPending(operation)));
  return [...killed, ...(pending.length === 0 ? [good("state")] : pending)];
}

/** Some errors are lists, of a line each; a cell of the table has one line. */
function sentenceOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return lines.map((line) => line.replace(/\w$/, "$&.")).join(" ");
}

function good(subject: string): Finding {
  return { subject, state: "good", message: "" };
}

function warning(subject: string, message: string): Finding {
  return { subject, state: "warning", message };
}

function problem(subject: string, message: string): Finding {
  return { subject, state: "problem", message };
}
