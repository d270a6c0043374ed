import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import { cleanLine } from "../domain/clean-text.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { type Forge, ForgeError } from "../forge/forge.ts";
import type { PlanForge } from "../forge/plan-forge.ts";
import type { Background } from "./background.ts";
import type { PlanCommands } from "./given-command.ts";
import { type FoundPlan, type PlanContext, type ReadPlan, readPlan } from "./read-plan.ts";
import { settlePlan } from "./settle-plan.ts";
import type { Settled } from "./settled.ts";

/** An open pull request that may be one of a plan. */
export type ListedPlan = { number: number; branch: string };

export type PlanPullsOptions = {
  forge: Forge;
  plans: PlanForge;
  background: Background;
  clock: Clock;
  paused: string | null;
  /** An open pull request was found to be one of a plan. */
  onFound: (repository: RepositoryName, plan: FoundPlan) => void;
  onSettled: (repository: RepositoryName, settled: Settled) => void;
};

/** How often one look reads and merges again before it leaves the rest to the next one. */
const ATTEMPTS = 5;
const MOST_REMEMBERED = 1_000;

/** Looks after pull requests of plans. What it remembers only saves calls. */
export class PlanPulls implements PlanCommands {
  readonly #options: PlanPullsOptions;
  readonly #verdicts: PlanContext["verdicts"] = new LRUCache({ max: MOST_REMEMBERED });
  /** Open ones of a repository, by their branches. */
  readonly #open = new Map<string, Map<string, number>>();

  constructor(options: PlanPullsOptions) {
    this.#options = options;
  }

  /** A repository is listed: makes up for events that were lost. */
  listed({ owner, repo, plans }: RepositoryName & { plans: readonly ListedPlan[] }): void {
    this.#open.delete(repositoryKey({ owner, repo }));
    for (const plan of plans) this.look({ owner, repo }, plan);
  }

  /** Something has happened to a pull request that may be one of a plan. */
  look({ owner, repo }: RepositoryName, { number, branch }: ListedPlan): void {
    const key = repositoryKey({ owner, repo });
    const open = this.#open.get(key) ?? new Map<string, number>();
    this.#open.set(key, open.set(branch, number));
    this.#start({ owner, repo }, number);
  }

  /** What one waited for may be there now. */
  branchMoved(repository: RepositoryName, branch: string): void {
    const number = this.#open.get(repositoryKey(repository))?.get(branch);
    if (number !== undefined) this.#start(repository, number);
  }

  /** A person has approved it by a command. */
  approved(repository: RepositoryName, number: number): void {
    this.#start(repository, number);
  }

  forget(repository: RepositoryName): void {
    this.#open.delete(repositoryKey(repository));
  }

  find(repository: RepositoryName, number: number): Promise<ReadPlan> {
    return readPlan(this.#contextOf(repository), number);
  }

  async reject(repository: RepositoryName, number: number, by: string, why: string): Promise<void> {
    const reason = cleanLine(why, 240);
    const sentence = `${cleanLine(by, 80)} has rejected this plan${reason === "" ? "." : `: ${reason}`}`;
    // There is no demand that would ask for it again, so no "no" is kept with it.
    await this.#options.forge.closeKept(repository, { number, why: sentence, rejectedBy: null });
    this.#close(repository, number);
  }

  #start(repository: RepositoryName, number: number): void {
    const { background, onSettled } = this.#options;
    background.start(`plan ${repositoryKey(repository)}#${number}`, async () => {
      const settled = await this.#settle(repository, number);
      if (settled === null || settled.kind === "merged") this.#close(repository, number);
      if (settled !== null) onSettled(repository, settled);
    });
  }

  async #settle(repository: RepositoryName, number: number): Promise<Settled | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const settled = await settlePlan(this.#contextOf(repository), number);
        if (settled?.kind !== "again") return settled;
        if (attempt === ATTEMPTS)
          return { kind: "waiting", pullRequest: number, message: "its branch keeps moving" };
      } catch (error) {
        const mayWork =
          error instanceof ForgeError && (error.code === "conflict" || error.code === "unavailable");
        if (!mayWork || attempt === ATTEMPTS) throw error;
      }
      await sleep(250 * attempt);
    }
  }

  #contextOf({ owner, repo }: RepositoryName): PlanContext {
    const { forge, plans, clock, paused, onFound } = this.#options;
    const place = { owner, repo };
    const seen = (plan: FoundPlan) => onFound(place, plan);
    return { forge, plans, clock, paused, place, verdicts: this.#verdicts, onFound: seen };
  }

  #close(repository: RepositoryName, number: number): void {
    const open = this.#open.get(repositoryKey(repository));
    for (const [branch, known] of open ?? []) if (known === number) open?.delete(branch);
  }
}
