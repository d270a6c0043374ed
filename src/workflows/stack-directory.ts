import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { findCalled, type StackName, stackName } from "../domain/stack-name.ts";
import type { ListedStack, StackPlace } from "../forge/forge.ts";
import { AppStack, type AppStackOptions } from "./app-stack.ts";
import { closeLeftBehind, leftBehindSentence } from "./close-left-behind.ts";
import type { ScaleContext } from "./read-situation.ts";

/** What a repository's ledger lists. */
export type RepositoryStacks = {
  owner: string;
  repo: string;
  stacks: readonly ListedStack[];
  /** Entries that cannot be used as they are. */
  unserved: readonly { alias: string }[];
  /** False where the ledger branch is not there. */
  hasLedger: boolean;
};

/** All stacks that this process serves, as the repositories' ledgers list them. Knows nothing that git does not. */
export class StackDirectory {
  readonly #options: AppStackOptions;
  readonly #repositories = new Map<string, Map<string, AppStack>>();
  #isLoaded = false;
  #isWhole = false;

  constructor(options: AppStackOptions) {
    this.#options = options;
  }

  /**
   * Takes over what a repository's ledger lists now; lanes of stacks that stay go on. A stack whose entry cannot be read or does
   * not count, or whose ledger is gone, stays as it was: its callers are asked to come again, instead of being nobody's, and
   * nobody becomes a caller by an entry that does not count.
   */
  replaceRepository({ owner, repo, stacks, unserved, hasLedger }: RepositoryStacks): void {
    const key = repositoryKey({ owner, repo });
    const known = this.#repositories.get(key);
    const next = new Map<string, AppStack>();
    const unread = new Set(unserved.map(({ alias }) => alias));
    for (const [id, old] of known ?? []) if (!hasLedger || unread.has(old.name.alias)) next.set(id, old);
    for (const entry of stacks) {
      const { place } = entry;
      const name = stackName(place.owner, place.repo, place.alias, place.formerAliases);
      const old = known?.get(name.id);
      if (entry.refusal !== null && old?.listed.refusal === null) continue;
      const isSame = old !== undefined && JSON.stringify(old.listed.place) === JSON.stringify(place);
      if (isSame) old.list(entry);
      next.set(name.id, isSame ? old : new AppStack(name, entry, this.#options));
    }
    if (next.size === 0) this.#repositories.delete(key);
    else this.#repositories.set(key, next);
  }

  removeRepository(owner: string, repo: string): void {
    this.#repositories.delete(repositoryKey({ owner, repo }));
  }

  /** Forgets all other repositories: the App is not installed on them any more, though no event may have said so. */
  retainRepositories(names: readonly RepositoryName[]): void {
    const kept = new Set(names.map(repositoryKey));
    for (const key of this.#repositories.keys()) if (!kept.has(key)) this.#repositories.delete(key);
  }

  /**
   * The first listing is done: what is listed is served. Once a listing was whole, an unknown name is unknown, and not just not
   * listed yet: what was known before stays known where a later listing fails.
   */
  loaded(extent: "whole" | "part"): void {
    this.#isLoaded = true;
    this.#isWhole ||= extent === "whole";
  }

  /** News from a repository: what was read of it is out of date. */
  invalidate(owner: string, repo: string): void {
    for (const { context } of this.#stacksOf(owner, repo)) context.snapshots.invalidate();
  }

  /** What the guard needs of a repository's stacks. */
  contexts(owner: string, repo: string): ScaleContext[] {
    return this.#stacksOf(owner, repo).map(({ context }) => context);
  }

  /** The stacks of a repository whose ledger entries count. */
  served(owner: string, repo: string): AppStack[] {
    return this.#stacksOf(owner, repo).filter(({ listed }) => listed.refusal === null);
  }

  find(stackId: string): AppStack | undefined {
    return this.#repositories.get(stackId.slice(0, stackId.lastIndexOf("/")))?.get(stackId);
  }

  *all(): Generator<AppStack> {
    for (const stacks of this.#repositories.values()) yield* stacks.values();
  }

  stackNames(): StackName[] {
    return [...this.all()].map(({ name }) => name);
  }

  /** Resolves when what is under way on a stack, a scale and what follows it, is done. */
  async calm(owner: string, repo: string, alias: string): Promise<void> {
    await this.find(stackName(owner, repo, alias).id)?.calm();
  }

  /** Looks after a stack's open scale pull requests. */
  settle(owner: string, repo: string, alias: string): void {
    this.find(stackName(owner, repo, alias).id)?.context.settle(undefined);
  }

  /** Closes what is open under an alias that no stack of the repository has any more; `place` has it. */
  closeLeftBehind(place: StackPlace): void {
    const { owner, repo, alias } = place;
    const { background, forge, onSettled } = this.#options;
    const { id } = stackName(owner, repo, alias);
    if (this.find(id) !== undefined) return;
    const names = this.#stacksOf(owner, repo).map(({ name }) => name);
    const why = leftBehindSentence(alias, findCalled(names, alias)?.alias ?? null);
    background.start(`close ${id}`, async () => onSettled(id, await closeLeftBehind(forge, place, why)));
  }

  /** Empty when a first listing is done; otherwise what is missing, in sentences. */
  notReadyBecause(): string[] {
    return this.#isLoaded ? [] : ["the installed repositories are still being listed"];
  }

  /** While this is so, a stack that is not known may only not be listed yet. */
  mayListMore(): boolean {
    return !this.#isWhole;
  }

  #stacksOf(owner: string, repo: string): AppStack[] {
    return [...(this.#repositories.get(repositoryKey({ owner, repo }))?.values() ?? [])];
  }
}
