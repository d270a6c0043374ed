import type { RepositoryName } from "../domain/repository-name.ts";

/** The title counts where the issue is made anew: people may change it. */
export type StatusDraft = { title: string; body: string };

/** `closed`: a person has closed it, and it is left alone until they open it again. */
export type StatusWritten = "written" | "unchanged" | "closed";

/** The one issue that shows how the pools of a repository stand. Every method throws `ForgeError` when it could not do its work. */
export interface StatusIssueForge {
  /** Makes it say that: makes and pins it where there is none, and closes all but the oldest where there are several. */
  writeStatus(name: RepositoryName, draft: StatusDraft): Promise<StatusWritten>;
  /** Closes it with these last words, for good: when it is wanted again, another one is made. Does nothing where there is none. */
  endStatus(name: RepositoryName, words: string): Promise<void>;
}
