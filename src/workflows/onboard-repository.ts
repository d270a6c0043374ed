import type { Clock } from "../clock.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { ForgeError } from "../forge/forge.ts";
import type { OnboardingForge } from "../forge/onboarding-forge.ts";
import type { Background } from "./background.ts";
import { renderOnboarding } from "./onboard-words.ts";

/** What is opened within an hour at most: an App that is put on a thousand repositories greets them over days, and scales meanwhile. */
const MOST_AN_HOUR = 8;
const HOUR_MS = 3_600_000;

type OnboardingParts = {
  forge: OnboardingForge;
  background: Background;
  clock: Clock;
  onOpened: (name: RepositoryName, number: number) => void;
  onError: (name: RepositoryName, error: unknown) => void;
};

/** Greets each repository that has a Pulumi program and no settings, once in its life, with a pull request. What was done is read from GitHub. */
export class Onboarding {
  readonly #parts: OnboardingParts;
  readonly #waiting = new Map<string, RepositoryName>();
  #openedAtMs: number[] = [];

  constructor(parts: OnboardingParts) {
    this.#parts = parts;
  }

  /** A repository was listed. */
  listed({
    owner,
    repo,
    hasSettings,
    hasLedger,
  }: RepositoryName & { hasSettings: boolean; hasLedger: boolean }): void {
    const key = repositoryKey({ owner, repo });
    if (hasSettings || hasLedger) this.#waiting.delete(key);
    else this.#waiting.set(key, { owner, repo });
    if (this.#waiting.size > 0) this.#parts.background.start("onboarding", () => this.#greetAll());
  }

  /** Whether this one is to be listed again, so that those that wait come to their turn: of all of them one at a time. */
  isNext(name: RepositoryName): boolean {
    const [first] = this.#waiting.keys();
    return first === repositoryKey(name);
  }

  forget(name: RepositoryName): void {
    this.#waiting.delete(repositoryKey(name));
  }

  /** Stops where GitHub or the hour takes no more; the rest waits. */
  async #greetAll(): Promise<void> {
    for (const [key, name] of [...this.#waiting]) {
      if (this.#isHourFull()) return;
      try {
        await this.#greet(name);
        this.#waiting.delete(key);
      } catch (error) {
        this.#parts.onError(name, error);
        const code = error instanceof ForgeError ? error.code : null;
        if (code === "rate-limited") return;
        // A person has to change something, and then it is listed anew.
        if (code === "forbidden" || code === "not-found") this.#waiting.delete(key);
        else this.#putLast(key, name);
      }
    }
  }

  #isHourFull(): boolean {
    const nowMs = this.#parts.clock();
    this.#openedAtMs = this.#openedAtMs.filter((atMs) => nowMs - atMs < HOUR_MS);
    return this.#openedAtMs.length >= MOST_AN_HOUR;
  }

  /** One that fails again and again is in nobody's way. */
  #putLast(key: string, name: RepositoryName): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, name);
  }

  async #greet(name: RepositoryName): Promise<void> {
    const { forge, clock, onOpened } = this.#parts;
    const sight = await forge.readSight(name);
    if (sight === null) return;
    this.#openedAtMs.push(clock());
    onOpened(name, await forge.openOnboarding(name, sight, renderOnboarding(sight)));
  }
}
