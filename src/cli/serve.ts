import { formatFinding } from "../apply/read-contract.ts";
import type { Contract, Pool } from "../domain/contract.ts";
import { readSidecarSettings } from "../settings.ts";
import { findStack } from "./local/find-stack.ts";
import { type LocalFlags, localOutside } from "./local/flags.ts";
import { describeBrought, fullUp } from "./local/full-up.ts";
import { listenToSignals } from "./local/local-signals.ts";
import { openProgram } from "./local/open-program.ts";
import { readContract, readSecrets } from "./local/read-rules.ts";
import { recoverUpdates, recoverValues } from "./local/recover.ts";
import { startSidecar } from "./local/start-sidecar.ts";

export type ServeFlags = Omit<LocalFlags, "json"> & {
  host: string;
  port: number;
  upFirst?: boolean;
  onFailure: "keep" | "revert";
};

/** How long an update that runs at the stop may go on before Pulumi is asked to end it, in milliseconds. */
const STOP_WITHIN_MS = 15_000;

/**
 * `pulumiscale serve`: scales one stack of the Pulumi program in the directory, until SIGTERM or SIGINT. What a process before it has
 * left is made up for first.
 */
export async function runServe(flags: ServeFlags): Promise<number> {
  const settings = readSidecarSettings();
  const signals = listenToSignals();
  const outside = localOutside();
  let isServing = false;
  // Before it serves there is nothing to finish but an update, which Pulumi ends in order.
  void signals.stopped.then(() => isServing || outside.interrupt());
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  if (flags.upFirst === true)
    for (const line of describeBrought(await fullUp(program, outside))) outside.tell(line);
  else await recoverUpdates(program, outside);
  const own = await readContract(program, outside);
  for (const finding of own.warnings) outside.tell(`warning: ${formatFinding(finding)}`);
  const secrets = await readSecrets(program, outside);
  await recoverValues(program, outside);
  const { host, port, onFailure } = flags;
  const sidecar = await startSidecar(program, { own, secrets }, { host, port, onFailure }, settings, outside);
  isServing = true;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${sidecar.port}`;
  for (const line of describePools(own.contract, url)) outside.show(line);
  outside.tell(`pulumiscale serves ${program.place.alias}, listening on ${url}`);
  signals.onHangup(() => void sidecar.reload());
  const signal = await signals.stopped;
  outside.tell(`${signal}: no more requests are taken; an update that runs is waited for.`);
  signals.onImpatience(outside.interrupt);
  const late = setTimeout(outside.interrupt, STOP_WITHIN_MS);
  await sidecar.stop();
  clearTimeout(late);
  return 0;
}

/** Each pool with its limits and its own route, and where alerts go. */
function describePools(contract: Contract, url: string): string[] {
  const pools = [...contract.values()].map(
    (pool) => `  ${pool.name}: ${limitsOf(pool)}\n    POST ${url}/scale/${pool.name}`,
  );
  return [
    "Pools:",
    ...pools,
    "Alerts, each with the stack's webhook secret as `Authorization: Bearer …`:",
    `  Alertmanager  ${url}/webhook/prometheus (the label \`pool\` names the pool)`,
    `  CloudWatch    ${url}/webhook/<pool>/cloudwatch?token=…`,
  ];
}

function limitsOf({ min, max, strategy, step, cooldownSeconds }: Pool): string {
  const how = strategy === "incremental" ? `in steps of ${step}` : "to the value that is asked for";
  const pause = cooldownSeconds === 0 ? "without a cooldown" : `at most every ${cooldownSeconds} s`;
  return `${min} to ${max}, ${how}, ${pause}`;
}
