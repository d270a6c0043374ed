type Work = () => Promise<unknown>;

/** Work that goes on after an answer: named, never twice at once for one name, waited for at the stop. */
export class Background {
  readonly #onError: (name: string, error: unknown) => void;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Work>();

  constructor(onError: (name: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /**
   * Starts the work. While work of that name is running, the newest one waits and starts after it: the running one may have
   * looked before the thing happened that this one is started for.
   */
  start(name: string, work: Work): void {
    if (this.#running.has(name)) this.#next.set(name, work);
    else this.#running.set(name, this.#run(name, work));
  }

  /** Resolves when no work of that name runs any more. */
  async ended(name: string): Promise<void> {
    await this.#running.get(name);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #run(name: string, first: Work): Promise<void> {
    for (let work: Work | undefined = first; work !== undefined; work = this.#take(name)) {
      try {
        await work();
      } catch (error) {
        this.#onError(name, error);
      }
    }
    this.#running.delete(name);
  }

  #take(name: string): Work | undefined {
    const work = this.#next.get(name);
    this.#next.delete(name);
    return work;
  }
}
