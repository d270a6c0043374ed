import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { nullIfMissing } from "../domain/missing-file.ts";
import type { Snapshot, StackFile } from "../domain/snapshot.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { type CommitForge, type FileCommitRequest, ForgeError, type StackPlace } from "./forge.ts";
import { readFormerLocalEntry } from "./former-local-entry.ts";
import { readLocalControls } from "./local-controls.ts";
import { commitFile } from "./local-git-commit.ts";
import { asForgeErrors } from "./local-git-errors.ts";
import { fileOf } from "./local-git-history.ts";
import { readStackHistory } from "./local-git-moved.ts";
import { catchUp, readPushTarget } from "./local-git-push.ts";
import type { LocalRepository } from "./local-repository.ts";

export { healWorkTree } from "./local-git-heal.ts";
export { readUncommittedValues } from "./local-git-uncommitted.ts";

const REPOSITORY_FILE = ".github/pulumiscale.yml";

/** A local git work tree as the place that takes scale commits. `push` is the remote that each goes to as well; null for none. */
export class LocalGitForge implements CommitForge {
  readonly #repository: LocalRepository;
  readonly #options: { clock: Clock; push: string | null };
  #hasCaughtUp = false;
  /** What was read of a head stays true. */
  #last: { key: string; snapshot: Snapshot } | null = null;

  constructor(repository: LocalRepository, options: { clock: Clock; push: string | null }) {
    this.#repository = repository;
    this.#options = options;
  }

  readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot> {
    return asForgeErrors(async () => {
      await this.#catchUpOnce(place);
      const readAtMs = this.#options.clock();
      const headOid = await readBranchHead(this.#repository, place.branch);
      const ledgerEntry = await readLedgerEntry(this.#repository, place);
      const controls = await readLocalControls(this.#repository.stateDir, place);
      const key = JSON.stringify([headOid, place.branch, place.path, place.formerPaths, historyWindowMs]);
      const known =
        this.#last?.key === key
          ? this.#last.snapshot
          : await this.#read(place, headOid, readAtMs - historyWindowMs);
      const snapshot = { ...known, readAtMs, ledgerEntry, controls };
      this.#last = { key, snapshot };
      return snapshot;
    });
  }

  commit(place: StackPlace, request: FileCommitRequest): Promise<string> {
    return asForgeErrors(() => commitFile(this.#repository, place, request, this.#options));
  }

  /** A process that died between the push and the local branch left the remote ahead. Each commit finds out by itself later. */
  async #catchUpOnce(place: StackPlace): Promise<void> {
    const { push } = this.#options;
    if (push === null || this.#hasCaughtUp) return;
    this.#hasCaughtUp = true;
    const target = await readPushTarget(this.#repository, place.branch, push);
    // What is in the way now is in a commit's way too, and told there.
    await catchUp(this.#repository, place, target).catch(() => {});
  }

  async #read(place: StackPlace, headOid: string, sinceMs: number): Promise<Snapshot> {
    const repositoryFile = `${headOid}:${REPOSITORY_FILE}`;
    const history = await readStackHistory(this.#repository, headOid, place, sinceMs, [repositoryFile]);
    return {
      readAtMs: 0,
      repositoryId: this.#repository.root,
      repositoryNumber: "",
      headOid,
      file: fileOf(history.head, history.texts),
      history: history.commits,
      inRange: null,
      gated: new Map(),
      reverts: new Map(),
      rejected: [],
      ledgerEntry: null,
      earlierLedgerEntries: [],
      controls: { repository: MISSING, stack: MISSING },
      repositoryFile: history.texts.get(repositoryFile) ?? MISSING,
      mergeMethods: [],
    };
  }
}

const MISSING: StackFile = { kind: "missing" };

/** The commit that the branch stands at. */
export async function readBranchHead({ git, root }: LocalRepository, branch: string): Promise<string> {
  const name = `refs/heads/${branch}^{commit}`;
  try {
    return await git.ask(["rev-parse", "--verify", "--quiet", name], { cwd: root });
  } catch (cause) {
    throw new ForgeError(
      "not-found",
      `The branch ${branch} is not in ${root}. Start again on the branch that is to be scaled.`,
      { cause },
    );
  }
}

/** The stack's own entry in the local ledger, or what it has left there under a former name; null where nothing was applied from here yet. */
async function readLedgerEntry({ stateDir }: LocalRepository, place: StackPlace): Promise<string | null> {
  const read = (alias: string) =>
    readFile(join(stateDir, "stacks", `${alias}.json`), "utf8").catch(nullIfMissing);
  const isOwn = ({ project, stack }: LedgerEntry) => project === place.project && stack === place.stack;
  return (await read(place.alias)) ?? readFormerLocalEntry(place, read, isOwn);
}
