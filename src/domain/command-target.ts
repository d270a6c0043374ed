import { quoted } from "./command-mistake.ts";
import { suggest } from "./suggest.ts";

/** A stack that a command may mean, with its pools; `aliases` and `formerAliases` are names of before, which still work. */
export type TargetStack = {
  alias: string;
  formerAliases?: readonly string[];
  pools: readonly { name: string; aliases: readonly string[] }[];
};

/** Names in it are those of now. `message` is fit for a reply; `candidates` are at most `MAX_CANDIDATES` targets to write instead. */
export type FoundTarget =
  | { kind: "pool"; alias: string; pool: string }
  | { kind: "stack"; alias: string }
  | { kind: "all" }
  | { kind: "ambiguous" | "unknown"; message: string; candidates: string[] };

export const MAX_CANDIDATES = 10;

type Wants = "pool" | "stack-or-pool";

/**
 * Which pool or stack a command means, by what was written after it, or by nothing where there is only one.
 *
 * A pool is written as `web` or as `shop.prod/web`, and by its stack alone where that has one pool; a stack by its name or by an
 * ending of it that begins after `.`, `-` or `_`. A whole name wins over an ending, a name of now over a former one, and a name as
 * it is written over one in another case. What is still left to chance is `ambiguous`.
 */
export function findTarget(text: string | null, stacks: readonly TargetStack[], wants: Wants): FoundTarget {
  if (text === null) return withoutName(stacks, wants);
  const slash = text.indexOf("/");
  if (slash >= 0) return findInStack(text, text.slice(0, slash), text.slice(slash + 1), stacks);
  return wants === "pool" ? findPool(text, stacks) : findEither(text, stacks);
}

function withoutName(stacks: readonly TargetStack[], wants: Wants): FoundTarget {
  const all = stacks.flatMap(targetsOf);
  if (stacks.length === 0 || (wants === "pool" && all.length === 0)) {
    return { kind: "unknown", message: "there is no pool here yet that could be scaled", candidates: [] };
  }
  if (wants === "pool") return onlyOne(all) ?? several("it has to say which pool", all.map(nameOf));
  const [first, second] = stacks;
  if (first !== undefined && second === undefined) return { kind: "stack", alias: first.alias };
  const names = stacks.map(({ alias }) => alias);
  return several("it has to say which stack or pool, or `all`", names);
}

/** `shop.prod/web`, with the stack's whole name or its ending. */
function findInStack(text: string, stack: string, pool: string, stacks: readonly TargetStack[]): FoundTarget {
  const whole = stacksNamed(stack, stacks);
  const meant = whole.length > 0 ? whole : stacksEnding(stack, stacks);
  const found = poolsNamed(pool, meant);
  if (found.length > 0)
    return onlyOne(found) ?? several(`${quoted(text)} may be one of several`, found.map(nameOf));
  if (meant.length === 0) return unknown(text, `no stack is called ${quoted(stack)}, or ends so`, stacks);
  const [only, other] = meant;
  const where =
    only !== undefined && other === undefined ? `the stack \`${only.alias}\`` : "a stack of that name";
  return unknown(text, `${where} has no pool ${quoted(pool)}`, meant);
}

/** `web`, or a stack that has one pool. */
function findPool(text: string, stacks: readonly TargetStack[]): FoundTarget {
  const found = poolsNamed(text, stacks);
  if (found.length > 0)
    return onlyOne(found) ?? several(`several stacks have a pool ${quoted(text)}`, found.map(nameOf));
  const named = stacksNamed(text, stacks);
  const meant = named.length > 0 ? named : stacksEnding(text, stacks);
  const pools = meant.flatMap(targetsOf);
  if (pools.length === 0) return unknown(text, `no pool is called ${quoted(text)}`, stacks);
  return (
    onlyOne(pools) ??
    several(`${quoted(text)} is a stack with several pools, or several stacks`, pools.map(nameOf))
  );
}

/** `all`, a stack, or a pool. A stack's whole name wins over a pool's, which `stack/pool` reaches too. */
function findEither(text: string, stacks: readonly TargetStack[]): FoundTarget {
  if (text.toLowerCase() === "all") return { kind: "all" };
  const named = stacksNamed(text, stacks);
  const pools = named.length > 0 ? [] : poolsNamed(text, stacks);
  if (pools.length > 0)
    return onlyOne(pools) ?? several(`several stacks have a pool ${quoted(text)}`, pools.map(nameOf));
  const [first, ...others] = named.length > 0 ? named : stacksEnding(text, stacks);
  if (first === undefined) return unknown(text, `no stack and no pool is called ${quoted(text)}`, stacks);
  if (others.length === 0) return { kind: "stack", alias: first.alias };
  const names = [first, ...others].map(({ alias }) => alias);
  return several(`${quoted(text)} may be one of several stacks`, names);
}

type Target = { kind: "pool"; alias: string; pool: string };

function targetsOf({ alias, pools }: TargetStack): Target[] {
  return pools.map(({ name }) => ({ kind: "pool", alias, pool: name }));
}

function nameOf({ alias, pool }: Target): string {
  return `${alias}/${pool}`;
}

function stacksNamed(text: string, stacks: readonly TargetStack[]): TargetStack[] {
  return best(text, stacks, [({ alias }) => [alias], ({ formerAliases }) => formerAliases ?? []]);
}

function poolsNamed(text: string, stacks: readonly TargetStack[]): Target[] {
  const pools = stacks.flatMap(({ alias, pools }) => pools.map((pool) => ({ alias, pool })));
  const found = best(text, pools, [({ pool }) => [pool.name], ({ pool }) => pool.aliases]);
  return found.map(({ alias, pool }) => ({ kind: "pool", alias, pool: pool.name }));
}

/** Those that have a name by the first of the looks that finds any, first as it is written, then in any case. */
function best<T>(text: string, all: readonly T[], looks: readonly ((it: T) => readonly string[])[]): T[] {
  for (const read of [(name: string) => name, (name: string) => name.toLowerCase()])
    for (const namesOf of looks) {
      const found = all.filter((it) => namesOf(it).some((name) => read(name) === read(text)));
      if (found.length > 0) return found;
    }
  return [];
}

function stacksEnding(text: string, stacks: readonly TargetStack[]): TargetStack[] {
  const ending = text.toLowerCase();
  if (ending === "") return [];
  return stacks.filter(({ alias }) => {
    const name = alias.toLowerCase();
    return name.endsWith(ending) && /[._-]/.test(name.charAt(name.length - ending.length - 1));
  });
}

function onlyOne(targets: readonly Target[]): Target | null {
  const [first, second] = targets;
  return first !== undefined && second === undefined ? first : null;
}

function several(why: string, names: readonly string[]): FoundTarget {
  const candidates = names.toSorted().slice(0, MAX_CANDIDATES);
  return { kind: "ambiguous", message: `${why}: ${listed(candidates, names.length)}`, candidates };
}

function unknown(text: string, why: string, stacks: readonly TargetStack[]): FoundTarget {
  const pools = stacks.flatMap(targetsOf);
  const names = [...pools.map(nameOf), ...stacks.map(({ alias }) => alias)];
  // Whoever mistypes a pool's name may have left its stack out.
  const near = new Set([
    ...suggest(text, names, 3),
    ...suggest(
      text,
      pools.map(({ pool }) => pool),
      3,
    ).flatMap((near) => pools.filter(({ pool }) => pool === near).map(nameOf)),
  ]);
  const meant = [...near].slice(0, 3);
  if (meant.length > 0)
    return {
      kind: "unknown",
      message: `${why}; did you mean ${meant.map(inCode).join(" or ")}?`,
      candidates: meant,
    };
  const candidates = pools.map(nameOf).toSorted().slice(0, MAX_CANDIDATES);
  const there = candidates.length === 0 ? "" : `; there is ${listed(candidates, pools.length)}`;
  return { kind: "unknown", message: `${why}${there}`, candidates };
}

function listed(names: readonly string[], total: number): string {
  const more = total > names.length ? ` and ${total - names.length} more` : "";
  return `${names.map(inCode).join(", ")}${more}`;
}

/** Names of stacks and pools hold nothing that markdown would act on in code. */
function inCode(name: string): string {
  return `\`${name}\``;
}
