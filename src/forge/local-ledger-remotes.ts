import { LEDGER_BRANCH } from "../ledger/entry.ts";
import type { LocalRepository } from "./local-repository.ts";

/** The remotes that had a ledger branch when they were fetched last: there, the App scales the repository. Asks no remote. Throws `GitError`. */
export async function readLedgerRemotes({ git, root }: LocalRepository): Promise<string[]> {
  const pattern = `refs/remotes/*/${LEDGER_BRANCH}`;
  const found = await git.ask(["for-each-ref", "--format=%(refname)", pattern], { cwd: root });
  return found.split("\n").flatMap((ref) => ref.split("/")[2] ?? []);
}
