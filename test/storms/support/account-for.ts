import { parseScaleCommit } from "../../../src/domain/scale-commit.ts";
import type { GitHubStandIn } from "../../github/github-stand-in.ts";
import { type Alert, eventOf, type Told } from "./alerts.ts";
import type { StormStack } from "./open-storm-world.ts";

/** A change of one pool's value on the base branch, as the files before and after say, and the events that its commit names. */
export type Move = {
  readonly repo: string;
  readonly alias: string;
  readonly commit: string;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly events: readonly string[];
};

export type Account = {
  /** How many alerts stand in a commit's event list. */
  readonly committed: number;
  /** … were answered with a hold or a refusal. */
  readonly held: number;
  /** … were answered as a scale that a larger one for the same pool has replaced before it was merged. */
  readonly replaced: number;
  /** … were told of a scale that never came, or to come again and were not sent again. */
  readonly lost: readonly string[];
  /** … have moved a pool more than once. */
  readonly doubled: readonly string[];
};

/** Holds every answer against what git says. One alert may have been delivered several times. */
export function accountFor(
  answers: readonly { readonly alert: Alert; readonly told: Told }[],
  moves: readonly Move[],
): Account {
  const byEvent = new Map<string, { alert: Alert; told: Told[] }>();
  for (const { alert, told } of answers) {
    const known = byEvent.get(eventOf(alert));
    if (known === undefined) byEvent.set(eventOf(alert), { alert, told: [told] });
    else known.told.push(told);
  }
  const account = { committed: 0, held: 0, replaced: 0, lost: [] as string[], doubled: [] as string[] };
  for (const [event, { alert, told }] of byEvent) {
    const own = moves.filter(
      ({ repo, alias, pool }) =>
        repo === alert.stack.repo && alias === alert.stack.alias && pool === alert.pool,
    );
    const name = `${alert.stack.repo} ${alert.stack.alias} ${alert.pool} ${event}`;
    const hits = own.filter(({ events }) => events.includes(event)).length;
    const scaledTo = told.flatMap(({ kind, to }) => (kind === "scale" && to !== null ? [to] : []));
    if (hits > 1) account.doubled.push(name);
    if (hits > 0) account.committed += 1;
    else if (told.every(({ kind }) => kind === "hold" || kind === "refuse")) account.held += 1;
    else if (scaledTo.length > 0 && own.some((move) => scaledTo.every((to) => move.to > to)))
      account.replaced += 1;
    else account.lost.push(`${name}: ${told.map(({ kind }) => kind).join(", ")}`);
  }
  return account;
}

/** Every change of a pool's value on the base branch of these stacks, oldest first. */
export async function readMoves(github: GitHubStandIn, stacks: readonly StormStack[]): Promise<Move[]> {
  const moves: Move[] = [];
  for (const { repo, alias, path } of stacks) {
    let before = new Map<string, number>();
    for (const { oid, message } of (await github.readLog(repo, "main", path)).reverse()) {
      const after = valuesIn((await github.readFile(repo, path, oid)) ?? "");
      const scales = parseScaleCommit(message)?.scales ?? [];
      for (const [pool, to] of after) {
        const from = before.get(pool);
        if (from === undefined || from === to) continue;
        const events = scales.filter((scale) => scale.pool === pool).map(({ event }) => event);
        moves.push({ repo, alias, commit: oid, pool, from, to, events });
      }
      before = after;
    }
  }
  return moves;
}

/** The pools' values in a stack file of the storms. */
export function valuesIn(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^ {2}shop:(\w+): (\d+)$/gm)].map(([, pool = "", value]) => [pool, Number(value)]),
  );
}
