import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "./program.ts";
import { type Moment, PACE_POOLS } from "./random-plan.ts";

type Where = Pick<Program, "repository" | "directory">;

/** Begins to look for a moment, from how things stand now. Resolves when it is there, or with the end of `until`. */
export async function momentOf(program: Where, moment: Moment, until: Promise<unknown>): Promise<void> {
  if (moment === "sent") return;
  const isThere = watcherOf(program, moment);
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  until.then(end, end);
  while (!isOver && !isThere()) await delay(2);
}

/** The folder in which PulumiScale keeps what belongs to the program. */
export function stateFolderOf({ repository }: Pick<Program, "repository">): string {
  const git = join(repository, ".git");
  return existsSync(git) ? join(git, "pulumiscale") : join(repository, ".pulumiscale");
}

function watcherOf(program: Where, moment: Exclude<Moment, "sent">): () => boolean {
  const { repository, directory } = program;
  const isGit = existsSync(join(repository, ".git"));
  switch (moment) {
    case "committed": {
      const path = isGit
        ? join(repository, ".git/refs/heads/main")
        : join(stateFolderOf(program), "journal/pace.dev.json");
      return changed(() => textOf(path));
    }
    case "recorded": {
      const folder = join(stateFolderOf(program), "updates/pace.dev");
      return () => namesIn(folder).some((name) => name.endsWith(".json"));
    }
    case "begun":
      return () => namesIn(directory).some((name) => name.endsWith(".begun"));
    case "counted":
      return changed(() => PACE_POOLS.map((pool) => timeOf(join(directory, `${pool}.count`))).join());
  }
}

function changed(read: () => string): () => boolean {
  const before = read();
  return () => read() !== before;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
