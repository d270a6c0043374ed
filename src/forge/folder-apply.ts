import { join, posix } from "node:path";
import type {
  ApplyForge,
  DeployPlace,
  HeadRead,
  HistoryRead,
  LedgerCommit,
  LedgerRead,
  LedgerStack,
  ProgramState,
  RepositoryPlace,
} from "../apply/apply-forge.ts";
import type { FileCommit } from "../domain/snapshot.ts";
import { parseEntry } from "../ledger/entry.ts";
import { folderError } from "./folder-error.ts";
import { readDiskFile } from "./folder-file.ts";
import type { LocalLedger } from "./local-ledger.ts";

/** What a program's directory held, under an id that stands for a commit. */
type ProgramAt = { commit: string; state: ProgramState; atMs: number; lastCommit: string | null };

export type FolderApplyOptions = {
  /** Absolute. */
  workDir: string;
  ledger: LocalLedger;
  program: { read: () => Promise<ProgramAt>; recall: (commit: string) => Promise<ProgramAt | null> };
  /** The commits to the stack file since a moment, newest first. */
  readCommits: (
    alias: string,
    sinceMs: number,
  ) => Promise<{ commits: readonly FileCommit[]; isComplete: boolean }>;
};

/** What an apply asks of a program's directory that is in no git. */
export class FolderApplyForge implements ApplyForge {
  readonly #options: FolderApplyOptions;

  constructor(options: FolderApplyOptions) {
    this.#options = options;
  }

  async readHead(place: DeployPlace, others: readonly string[]): Promise<HeadRead> {
    const ledger = await this.readLedger(place);
    const { commit: headOid, state: head } = await this.#readProgram();
    return { repositoryId: "local", headOid, head, others: await this.#recall(others), ledger };
  }

  /** One Pulumi process. */
  async readHistory(
    place: DeployPlace,
    _headOid: string,
    since: string,
    others: readonly string[],
  ): Promise<HistoryRead> {
    const from = await this.#options.program.recall(since);
    const { commits, isComplete } = await this.#options.readCommits(place.alias, from?.atMs ?? 0);
    const lastKnown = commits.findIndex(({ oid }) => oid === from?.lastCommit);
    // What is of the same moment counts: one too many makes an apply look again, one too few makes it miss a value.
    const newer =
      lastKnown === -1
        ? commits.filter(({ reachedAtMs }) => from === null || reachedAtMs >= wholeSecond(from.atMs))
        : commits.slice(0, lastKnown);
    return {
      commits: newer.map(({ oid, message, after }) => ({ oid, message, stackFile: after })),
      isComplete: from !== null && (isComplete || newer.length < commits.length),
      states: await this.#recall(others),
    };
  }

  async readLedger(place: DeployPlace): Promise<LedgerRead> {
    const [{ text, id }, repositoryFile] = await Promise.all([
      this.#options.ledger.readStack(place),
      readDiskFile(join(this.#options.workDir, ".github/pulumiscale.yml")),
    ]);
    return {
      headOid: id,
      text,
      earlier: [],
      repositoryNumber: "",
      repositoryFile: repositoryFile.file,
    };
  }

  commitToLedger(place: DeployPlace, { text, expectedHeadOid }: LedgerCommit): Promise<void> {
    return this.#options.ledger.write(place.alias, text, expectedHeadOid);
  }

  /** There is nowhere to show a report beside a commit: the receipt in the ledger says the same. */
  async report(): Promise<void> {}

  /** The stacks of this one program: their files stand beside each other. */
  async listStacks(repository: RepositoryPlace): Promise<LedgerStack[]> {
    const { ledger } = this.#options;
    const stacks: LedgerStack[] = [];
    for (const alias of await ledger.list()) {
      const { text } = await ledger.read(alias);
      const parsed = text === null ? null : parseEntry(text);
      if (text === null || parsed?.kind !== "entry") continue;
      const { dir, stack } = parsed.entry;
      const stackFilePath = posix.join(dir, `Pulumi.${stack}.yaml`);
      stacks.push({ place: { ...repository, alias, dir, stackFilePath }, entry: text });
    }
    return stacks;
  }

  /** By when the two were first seen: without git, nothing else tells which came first. */
  async includes(_place: DeployPlace, commit: string, other: string): Promise<boolean> {
    if (commit === other) return true;
    const { program } = this.#options;
    const [one, before] = await Promise.all([program.recall(commit), program.recall(other)]);
    return one !== null && before !== null && before.atMs <= one.atMs;
  }

  async #readProgram(): Promise<ProgramAt> {
    try {
      return await this.#options.program.read();
    } catch (error) {
      throw folderError(error, "read", this.#options.workDir);
    }
  }

  async #recall(commits: readonly string[]): Promise<Map<string, ProgramState | null>> {
    const { program } = this.#options;
    const states = new Map<string, ProgramState | null>();
    for (const commit of commits) states.set(commit, (await program.recall(commit))?.state ?? null);
    return states;
  }
}

/** Pulumi tells the start of an update in whole seconds. */
function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000;
}
