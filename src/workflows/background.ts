/** Work that goes on after an answer: named, never twice at once for one name, waited for at the stop. */
export class Background {
  readonly #onError: (name: string, error: unknown) => void;
  readonly #running = new Map<string, Promise<void>>();

  constructor(onError: (name: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /** Starts the work unless work of that name is running already. */
  start(name: string, work: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    const running = work()
      .catch((error: unknown) => this.#onError(name, error))
      .finally(() => this.#running.delete(name));
    this.#running.set(name, running);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }
}
