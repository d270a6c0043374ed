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
  listRepositories(): AsyncIterable<RepositoryName>;
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

  /** Lists everything. A repository that fails is told and left as it was. */
  async listAll(): Promise<void> {
    for await (const name of this.#source.listRepositories()) await this.list(name);
    this.#directory.loaded();
  }

  async list(name: RepositoryName): Promise<void> {
    try {
      const listing = await this.#source.readRepository(name);
      this.#directory.replaceRepository(listing);
      this.#watching.onListed(listing);
      for (const alias of listing.openScales) this.#directory.settle(listing.owner, listing.repo, alias);
    } catch (error) {
      this.#watching.onError(`listing ${name.owner}/${name.repo}`, error);
    }
  }
}
