import { basename, join } from "node:path";
import type { ApplyForge, DeployPlace } from "../../apply/apply-forge.ts";
import type { ApplyWorld, EngineSettings } from "../../apply/apply-stack.ts";
import { type Checkout, readCheckout } from "../../apply/checkout.ts";
import { readFolderCheckout, readFolderStack } from "../../apply/folder-checkout.ts";
import { FolderProgram } from "../../apply/folder-program.ts";
import { realPace } from "../../apply/retry-concurrent.ts";
import { localLedgerTrust } from "../../apply/trusted-entry.ts";
import { readUpdates } from "../../apply/update-history.ts";
import { systemClock } from "../../clock.ts";
import { Alias, defaultAlias } from "../../domain/names.ts";
import { formatPoolLocation } from "../../domain/stack-config-key.ts";
import type { ControlsForge } from "../../forge/controls-forge.ts";
import { FolderApplyForge } from "../../forge/folder-apply.ts";
import { readDiskFile } from "../../forge/folder-file.ts";
import { FolderForge } from "../../forge/folder-forge.ts";
import type { CommitForge, StackPlace } from "../../forge/forge.ts";
import { Git } from "../../forge/git.ts";
import { LocalApplyForge } from "../../forge/local-apply.ts";
import { LocalControls } from "../../forge/local-controls.ts";
import { healWorkTree, LocalGitForge, readBranchHead } from "../../forge/local-git.ts";
import { LocalLedger } from "../../forge/local-ledger.ts";
import { type LocalRepository, openLocalRepository } from "../../forge/local-repository.ts";
import { readRepositoryFile } from "../../forge/local-repository-file.ts";
import { UsageError } from "../usage-error.ts";
import type { FoundStack } from "./find-stack.ts";
import type { LocalFlags, LocalOutside } from "./flags.ts";
import { aliasInFile, type FormerNames, readFormerNames } from "./stack-names.ts";

/** A Pulumi program's directory with one stack of it, and all that works there. */
export type LocalProgram = {
  workDir: string;
  /** As Pulumi takes it. */
  stack: string;
  place: StackPlace;
  deployPlace: DeployPlace;
  /** Where PulumiScale keeps what belongs to this directory. */
  stateDir: string;
  /** Null in a directory that is in no git work tree. */
  repository: LocalRepository | null;
  forge: CommitForge;
  controls: ControlsForge;
  engine: EngineSettings;
  world: ApplyWorld;
  readCheckout: () => Promise<Checkout>;
  /** The commit, or in a plain folder the content, that is in force; it changes whenever somebody commits. */
  readHeadId: () => Promise<string>;
  /** Finishes commits of a process that was killed; answers a sentence for each thing that it did. */
  heal: () => Promise<string[]>;
};

/**
 * Puts the parts together for one program and stack. Starts no Pulumi process. Throws `UsageError`, `CheckoutError` and
 * `LocalRepositoryError`.
 */
export async function openProgram(
  found: FoundStack,
  flags: LocalFlags,
  outside: LocalOutside,
): Promise<LocalProgram> {
  const repository = await openLocalRepository(new Git(outside.environment), found.workDir);
  const push = flags.push === true ? "origin" : flags.push || null;
  if (repository === null && push !== null)
    throw new UsageError(
      `${found.workDir} is in no git work tree, so there is nothing to push. Leave --push out.`,
    );
  const parts =
    repository === null
      ? await folderParts(found, flags, outside)
      : await gitParts(repository, push, found, flags, outside);
  const { applyForge, ...program } = parts;
  return {
    ...found,
    ...program,
    controls: new LocalControls(program.stateDir, systemClock),
    repository,
    world: {
      forge: applyForge,
      ledger: localLedgerTrust,
      clock: systemClock,
      redact: outside.redact,
      say: (level, sentence) => outside.tell(level === "info" ? sentence : `${level}: ${sentence}`),
    },
  };
}

type Parts = Omit<LocalProgram, keyof FoundStack | "controls" | "repository" | "world"> & {
  applyForge: ApplyForge;
};

async function gitParts(
  repository: LocalRepository,
  push: string | null,
  { workDir, stack }: FoundStack,
  flags: LocalFlags,
  outside: LocalOutside,
): Promise<Parts> {
  const { root, branch, stateDir } = repository;
  const checkout = await readCheckout(workDir, stack);
  const repositoryFile = await readRepositoryFile(repository);
  const alias = checkAlias(flags.alias ?? aliasInFile(repositoryFile, checkout), checkout);
  const ledger = new LocalLedger(stateDir);
  const former = await readFormerNames(repositoryFile, ledger, { ...checkout, alias, root });
  const places = placesOf(checkout, { repo: basename(root), branch, alias, ...former });
  const forge = new LocalGitForge(repository, { clock: systemClock, push });
  return {
    ...places,
    stateDir,
    engine: engineOf(stack, recordFolder(stateDir, alias), outside),
    forge,
    applyForge: new LocalApplyForge(repository, ledger),
    readCheckout: () => readCheckout(workDir, stack),
    readHeadId: () => readBranchHead(repository, branch),
    heal: async () => {
      const healed = await healWorkTree(repository, places.place);
      // A commit that was pushed right before a kill is only on the remote: the first read follows it.
      if (push !== null) await forge.readSnapshot(places.place, 0);
      return healed.map(
        ({ location, from, to }) =>
          `${formatPoolLocation(location)} stood at ${from} in the work tree although ${to} is committed: a process was killed in between. It is ${to} now.`,
      );
    },
  };
}

async function folderParts(
  { workDir, stack }: FoundStack,
  flags: LocalFlags,
  outside: LocalOutside,
): Promise<Parts> {
  const stateDir = join(workDir, ".pulumiscale");
  const folder = await readFolderStack(workDir, stack);
  const alias = checkAlias(flags.alias ?? null, folder);
  const ledger = new LocalLedger(stateDir);
  const { file } = await readDiskFile(join(workDir, ".github/pulumiscale.yml"));
  const former = await readFormerNames(file, ledger, { ...folder, alias, root: workDir });
  const places = placesOf(folder, { repo: basename(workDir), branch: "folder", alias, ...former });
  const { place } = places;
  const engine = engineOf(stack, recordFolder(stateDir, alias), outside);
  const forge = new FolderForge({
    ...{ workDir, stateDir },
    readUpdates: (count) => readUpdates(stack, { ...engine, workDir }, count),
    clock: systemClock,
  });
  const program = new FolderProgram({
    ...{ workDir, stateDir },
    stackFilePath: folder.stackFilePath,
    readStackFile: () => forge.readStackFile(place),
    clock: systemClock,
  });
  return {
    ...places,
    stateDir,
    engine,
    forge,
    applyForge: new FolderApplyForge({
      workDir,
      ledger,
      program,
      readCommits: (_alias, sinceMs) => forge.readCommits(place, sinceMs),
    }),
    readCheckout: () => readFolderCheckout(folder, program),
    readHeadId: async () => JSON.stringify(await forge.readStackFile(place)),
    heal: async () => {
      const healing = await forge.heal(place);
      return healing.kind === "clean" ? [] : [healing.sentence];
    },
  };
}

function engineOf(stack: string, recordFolder: string, outside: LocalOutside): EngineSettings {
  return {
    stack,
    environment: outside.environment,
    signal: outside.signal,
    recordFolder,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    unexpectedChanges: "refuse",
    config: "committed-copy",
    pace: realPace,
  };
}

/** Where the updates of a stack that run are on record. */
export function recordFolder(stateDir: string, alias: string): string {
  return join(stateDir, "updates", alias);
}

type Where = FormerNames & { repo: string; branch: string; alias: string };

function placesOf(
  { project, stack, stackFilePath, dir }: Omit<Checkout, "commit">,
  { repo, branch, alias, ...former }: Where,
): Pick<LocalProgram, "place" | "deployPlace"> {
  const owner = "local";
  return {
    place: { owner, repo, alias, ...former, project, stack, branch, path: stackFilePath },
    deployPlace: { owner, repo, baseBranch: branch, alias, ...former, dir, stackFilePath },
  };
}

function checkAlias(wanted: string | null, { project, stack }: Pick<Checkout, "project" | "stack">): string {
  const alias = Alias.safeParse(wanted ?? defaultAlias(project, stack));
  if (alias.success) return alias.data;
  throw new UsageError(
    `The stack's alias cannot be used (${alias.error.issues[0]?.message}). Give one that can with --alias.`,
  );
}
