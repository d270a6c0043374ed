import type { ListedStack } from "../forge/forge.ts";
import type { StackDirectory } from "./stack-directory.ts";

export type RepositoryName = { owner: string; repo: string };
export type RepositoryListing = RepositoryName & {
  stacks: ListedStack[];
  unserved: { alias: string; message: string }[];
  hasLedger: boolean;
  /** Aliases with an open in-range pull request: settled with each listing, since an event may be lost. */
  openScales: string[];
};

/** Where repositories and their stacks are listed. */
export interface RepositorySource {
  /** What cannot be listed is told and left out. */
  listRepositories(onSkipped: (error: unknown) => void): AsyncIterable<RepositoryName>;
  readRepository(name: RepositoryName): Promise<RepositoryListing>;
}

export type Watching = {
  onListed: (listing: RepositoryListing) => void;
  onError: (doing: string, error: unknown) => void;
};

/**
 * Keeps the directory like the repositories: all at once at the start and every few minutes (an event may be lost), one at a time
 * when GitHub tells of news.
 */
export class RepositoryWatch {
  readonly #source: RepositorySource;
  readonly #directory: StackDirectory;
  readonly #watching: Watching;

  constructor(source: RepositorySource, directory: StackDirectory, watching: Watching) {
    this.#source = source;
    this.#directory = directory;
    this.#watching = watching;
  }

  /**
   * Lists everything. A repository that fails is told, tried once more at the end, and left as it was; one that is no
   * longer listed is forgotten.
   */
  async listAll(): Promise<void> {
    let isComplete = true;
    const listed: RepositoryName[] = [];
    const failed: RepositoryName[] = [];
    const names = this.#source.listRepositories((error) => {
      isComplete = false;
      this.#watching.onError("listing an installation", error);
    });
    for await (const name of names) {
      listed.push(name);
      if (!(await this.list(name))) failed.push(name);
    }
    for (const name of failed) await this.list(name);
    if (isComplete) this.#directory.retainRepositories(listed);
    this.#directory.loaded();
  }

  /** Lists one repository; answers whether that worked. */
  async list(name: RepositoryName): Promise<boolean> {
    try {
      const listing = await this.#source.readRepository(name);
      this.#directory.replaceRepository(listing);
      this.#watching.onListed(listing);
      for (const alias of listing.openScales) this.#directory.settle(listing.owner, listing.repo, alias);
      return true;
    } catch (error) {
      this.#watching.onError(`listing ${name.owner}/${name.repo}`, error);
      return false;
    }
  }
}
