import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import type { GuardCheck, ListedHead, PullHead } from "../forge/guard-forge.ts";
import { type Judged, readMark } from "./judge-pull-request.ts";
import type { ScaleContext } from "./read-situation.ts";

/** What a listing of a repository tells the guard. */
export type GuardListing = RepositoryName & {
  openHeads: readonly ListedHead[];
  /** Entries of the ledger that cannot be used as they are. */
  unserved: readonly { alias: string; message: string }[];
  /** Of each stack whose entry does not count, why: where it stands is not to be trusted either. */
  stacks: readonly { place: { alias: string }; refusal: string | null }[];
  hasLedger: boolean;
  /** It has a `.github/pulumiscale.yml`: it means to be looked after, even where the ledger is gone. */
  hasSettings: boolean;
};

/** A listing after a lost hour may find many: the rest waits for the next one, and leaves scaling its share of GitHub's budget. */
const MOST_AT_ONCE = 20;

/** `soon`: something waits there. `later`: an event that comes without a push may be lost. */
export type NextListing = "soon" | "later" | "after-a-push";

type Known = {
  blind: string | null;
  places: string;
  /** Those that touch a pool's value. */
  heads: Map<number, PullHead>;
  /** Numbers of those that wait, or could not be judged. */
  waiting: Set<number>;
};

/** What is known of the open pull requests of each guarded repository. It only saves calls: the check runs say what was judged. */
export class GuardedRepositories {
  readonly #known = new Map<string, Known>();

  /** Takes over a listing; answers the pull requests that are to be judged now, which make up for events that were lost. */
  list(listing: GuardListing, contexts: readonly ScaleContext[]): PullHead[] {
    const { owner, repo, openHeads } = listing;
    const key = repositoryKey(listing);
    const before = this.#known.get(key);
    const known: Known = {
      blind: blindness(listing, contexts),
      places: placesOf(contexts),
      heads: new Map(),
      waiting: new Set(),
    };
    if (contexts.length === 0 && known.blind === null) {
      this.#known.delete(key);
      return [];
    }
    const heads = openHeads.map(({ number, headOid, check }) => ({
      head: { owner, repo, number, headOid },
      check,
    }));
    for (const { head, check } of heads)
      if (readMark(check).touches === "pools") known.heads.set(head.number, head);
    this.#known.set(key, known);
    // A stack that is new makes a file matter that did not before.
    const isNewGround =
      before !== undefined && (before.places !== known.places || before.blind !== known.blind);
    const open = heads.filter(({ check }) => isNewGround || check === null || !isFinal(check));
    const unreported = open.filter(({ check }) => check === null);
    const waiting = open.filter(({ check }) => check !== null);
    for (const { head } of open) known.waiting.add(head.number);
    const most = isNewGround ? heads.length : MOST_AT_ONCE;
    return [...unreported, ...waiting].slice(0, most).map(({ head }) => head);
  }

  has(name: RepositoryName): boolean {
    return this.#known.has(repositoryKey(name));
  }

  /** Why a stack file of the repository may be one that nobody knows of; null where all are known. */
  blindness(name: RepositoryName): string | null {
    return this.#known.get(repositoryKey(name))?.blind ?? null;
  }

  /** The open pull requests that touch a pool's value. */
  touchingPools(name: RepositoryName): PullHead[] {
    return [...(this.#known.get(repositoryKey(name))?.heads.values() ?? [])];
  }

  /** When a repository has to be listed again where nobody has pushed. */
  nextListing(name: RepositoryName): NextListing {
    const known = this.#known.get(repositoryKey(name));
    if (known === undefined) return "after-a-push";
    return known.waiting.size > 0 ? "soon" : "later";
  }

  /** A pull request is about to be judged: where that fails, it waits. */
  judging(head: PullHead): void {
    this.#known.get(repositoryKey(head))?.waiting.add(head.number);
  }

  judged(head: PullHead, judged: Judged): void {
    this.closed(head);
    const known = this.#known.get(repositoryKey(head));
    if (judged.kind === "judged" && judged.touches === "pools") known?.heads.set(head.number, head);
    if (judged.kind === "judged" && judged.verdict === "waiting") known?.waiting.add(head.number);
  }

  closed(head: PullHead): void {
    const known = this.#known.get(repositoryKey(head));
    known?.heads.delete(head.number);
    known?.waiting.delete(head.number);
  }

  forget(name: RepositoryName): void {
    this.#known.delete(repositoryKey(name));
  }
}

function isFinal({ state }: GuardCheck): boolean {
  return state === "success" || state === "failure";
}

/** Why a stack file may be one that nobody knows of. */
function blindness(
  { unserved, stacks, hasLedger, hasSettings }: GuardListing,
  contexts: readonly ScaleContext[],
): string | null {
  const served = new Set(contexts.map(({ place }) => place.alias));
  const lost = unserved.find(({ alias }) => !served.has(alias));
  if (lost !== undefined)
    return `the ledger entry of ${lost.alias} cannot be used (${lost.message}); publish it again`;
  const doubtful = stacks.find(({ refusal }) => refusal !== null);
  if (doubtful !== undefined) return doubtful.refusal;
  if (hasLedger || !hasSettings || contexts.length > 0) return null;
  return "the ledger branch is not there; run the Action's command `publish` after a full up";
}

function placesOf(contexts: readonly ScaleContext[]): string {
  return JSON.stringify(contexts.map(({ place }) => [place.branch, place.path]).toSorted());
}
