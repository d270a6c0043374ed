import { posix } from "node:path";
import type {
  ApplyForge,
  DeployPlace,
  HeadRead,
  HistoryRead,
  LedgerCommit,
  LedgerRead,
  LedgerStack,
  RepositoryPlace,
} from "../apply/apply-forge.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { parseEntry } from "../ledger/entry.ts";
import { ForgeError } from "./forge.ts";
import { type Git, GitError } from "./git.ts";
import { type GitObject, parseFile, readObjects } from "./git-objects.ts";
import { commitNames, isOid, stateNames, takeState, takeStates } from "./git-program-state.ts";
import { asForgeErrors } from "./local-git-errors.ts";
import type { LocalLedger } from "./local-ledger.ts";
import { stackConfigDirIn } from "./stack-config-dir.ts";

/** What has to be known of the work tree. */
export type ApplyRepository = { git: Git; root: string };

/** How many changes of the stack file since the last apply are looked at; more count as "any pool may have moved". */
const HISTORY_LENGTH = 50;
const MOST_READS = 5;
const REPOSITORY_FILE = ".github/pulumiscale.yml";

/** What an apply asks of a local git work tree, with the ledger in files of its own. */
export class LocalApplyForge implements ApplyForge {
  readonly #repository: ApplyRepository;
  readonly #ledger: LocalLedger;

  constructor(repository: ApplyRepository, ledger: LocalLedger) {
    this.#repository = repository;
    this.#ledger = ledger;
  }

  /** One process, and one more for each time that the branch moves meanwhile. */
  readHead(place: DeployPlace, others: readonly string[]): Promise<HeadRead> {
    return asForgeErrors(async () => {
      const head = refOf(place);
      const commits = [...new Set(others)];
      const names = [
        head,
        ...stateNames(head, place),
        `${head}:${REPOSITORY_FILE}`,
        ...commitNames(commits, place),
        head,
      ];
      for (let reads = 1; ; reads += 1) {
        const [file, objects] = await Promise.all([this.#ledger.readStack(place), this.#read(names)]);
        const [first, last] = [objects.shift(), objects.pop()];
        if (first?.type !== "commit") throw noBranch(place);
        // Each name is looked up by itself, so the branch may move between two of them.
        if (first.oid !== last?.oid) {
          if (reads < MOST_READS) continue;
          throw new ForgeError(
            "unavailable",
            `The branch ${place.baseBranch} moved while it was read. Try again.`,
          );
        }
        const state = takeState(objects, place);
        if (state === null) throw noDirectory(place);
        const repositoryFile = parseFile(objects.shift() ?? null);
        return {
          repositoryId: "local",
          headOid: first.oid,
          head: state,
          others: takeStates(objects, commits, place),
          ledger: ledgerRead(file, repositoryFile),
        };
      }
    });
  }

  /** Two processes; one more where `since` is not there. */
  readHistory(
    place: DeployPlace,
    headOid: string,
    since: string,
    others: readonly string[],
  ): Promise<HistoryRead> {
    return asForgeErrors(async () => {
      const commits = [...new Set(others)];
      const { logged, isComplete } = await this.#log(place, headOid, since);
      const paths = [place.stackFilePath, ...(place.formerPaths ?? [])];
      const files = logged.flatMap(({ oid }) => paths.map((path) => `${oid}:${path}`));
      const objects = await this.#read([...files, ...commitNames(commits, place)]);
      return {
        commits: logged.map((commit) => {
          const found = objects.splice(0, paths.length).find((object) => object !== null);
          return { ...commit, stackFile: parseFile(found ?? null) };
        }),
        isComplete,
        states: takeStates(objects, commits, place),
      };
    });
  }

  readLedger(place: DeployPlace): Promise<LedgerRead> {
    return asForgeErrors(async () => {
      const [file, [repositoryFile]] = await Promise.all([
        this.#ledger.readStack(place),
        this.#read([`${refOf(place)}:${REPOSITORY_FILE}`]),
      ]);
      return ledgerRead(file, parseFile(repositoryFile ?? null));
    });
  }

  commitToLedger(place: DeployPlace, { text, expectedHeadOid }: LedgerCommit): Promise<void> {
    return this.#ledger.write(place.alias, text, expectedHeadOid);
  }

  /** There is nowhere to show a report beside a commit: the receipt in the ledger says the same. */
  async report(): Promise<void> {}

  listStacks(repository: RepositoryPlace): Promise<LedgerStack[]> {
    return asForgeErrors(async () => {
      const aliases = await this.#ledger.list();
      const stacks = await Promise.all(
        aliases.map(async (alias) => ({ alias, text: (await this.#ledger.read(alias)).text ?? "" })),
      );
      const parsed = stacks.flatMap(({ alias, text }) => {
        const entry = parseEntry(text);
        return entry.kind === "entry" ? [{ alias, text, entry: entry.entry }] : [];
      });
      const names = parsed.flatMap(({ entry }) =>
        EXTENSIONS.map((extension) => `${refOf(repository)}:${posix.join(entry.dir, `Pulumi.${extension}`)}`),
      );
      const files = await this.#read(names);
      return parsed.map(({ alias, text, entry: { dir, stack } }): LedgerStack => {
        const { extension, stackConfigDir } = readProject(files.splice(0, EXTENSIONS.length));
        const stackFilePath = posix.join(dir, stackConfigDir, `Pulumi.${stack}.${extension}`);
        return { place: { ...repository, alias, dir, stackFilePath }, entry: text };
      });
    });
  }

  async includes(_place: DeployPlace, commit: string, other: string): Promise<boolean> {
    if (!isOid(commit) || !isOid(other)) return false;
    return asForgeErrors(async () => {
      try {
        await this.#git(["merge-base", "--is-ancestor", other, commit]);
        return true;
      } catch (error) {
        if (error instanceof GitError && error.exitCode === 1) return false;
        throw error;
      }
    });
  }

  /** The commits that touched the stack file, newest first. */
  async #log(place: DeployPlace, headOid: string, since: string): Promise<Logged> {
    const list = async (range: string[], most: number) =>
      parseLog(
        await this.#git([
          "--literal-pathspecs",
          "rev-list",
          "--no-commit-header",
          "--format=%H%n%B%x00",
          "--encoding=UTF-8",
          `--max-count=${most}`,
          ...range,
          "--",
          place.stackFilePath,
          ...(place.formerPaths ?? []),
        ]),
      );
    if (isOid(since)) {
      try {
        const logged = await list([headOid, `^${since}`], HISTORY_LENGTH + 1);
        return { logged: logged.slice(0, HISTORY_LENGTH), isComplete: logged.length <= HISTORY_LENGTH };
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
      }
    }
    return { logged: await list([headOid], HISTORY_LENGTH), isComplete: false };
  }

  #read(names: readonly string[]): Promise<(GitObject | null)[]> {
    return readObjects(this.#repository.git, this.#repository.root, names);
  }

  #git(args: readonly string[]): Promise<Buffer> {
    return this.#repository.git.run(args, { cwd: this.#repository.root });
  }
}

type Logged = { logged: { oid: string; message: string }[]; isComplete: boolean };

function parseLog(output: Buffer): Logged["logged"] {
  return output
    .toString("utf8")
    .split("\0")
    .map((part) => part.replace(/^\n/, ""))
    .filter((part) => part !== "")
    .map((part) => {
      const end = part.indexOf("\n");
      return { oid: part.slice(0, end), message: part.slice(end + 1) };
    });
}

function refOf({ baseBranch }: RepositoryPlace): string {
  return `refs/heads/${baseBranch}`;
}

function ledgerRead(
  { text, id }: Awaited<ReturnType<LocalLedger["read"]>>,
  repositoryFile: StackFile,
): LedgerRead {
  return { headOid: id, text, earlier: [], repositoryNumber: "", repositoryFile };
}

const EXTENSIONS = ["yaml", "yml"] as const;

function readProject(files: readonly (GitObject | null)[]): { extension: string; stackConfigDir: string } {
  const index = Math.max(
    0,
    files.findIndex((file) => file?.type === "blob"),
  );
  return {
    extension: EXTENSIONS[index] ?? "yaml",
    stackConfigDir: stackConfigDirIn(files[index]?.bytes.toString("utf8") ?? ""),
  };
}

function noBranch({ baseBranch }: DeployPlace): ForgeError {
  return new ForgeError(
    "not-found",
    `The branch ${baseBranch} has no commit, so there are no values to apply. Commit the stack file, or check out the branch that is deployed.`,
  );
}

function noDirectory({ dir, baseBranch }: DeployPlace): ForgeError {
  return new ForgeError(
    "not-found",
    `There is no directory ${dir} on ${baseBranch}, so the stack's values cannot be read. Commit it.`,
  );
}
