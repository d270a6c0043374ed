import { z } from "zod";
import { parseContract } from "../domain/contract.ts";
import { parseControls } from "../domain/controls.ts";
import type { NotificationTargets } from "../domain/notification-targets.ts";
import { parseRepositoryFile, policyOf } from "../domain/repository-file.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import type { LedgerJudge } from "../ledger/ledger-judge.ts";
import type { ListedStack, StackPlace } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import { nameStacks } from "./github-former-aliases.ts";
import { CONTROLS_TREE_FIELD, LEDGER_TREE_FIELD, LedgerTree, ledgerTexts } from "./github-ledger-tree.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { OPEN_HEADS_FIELD, OpenHeadsAnswer, readOpenHeads, readOpenPlans } from "./github-open-heads.ts";
import { OPEN_SCALES_FIELDS, OpenScalesAnswer, readOpenScales } from "./github-open-scales.ts";
import { readStackFilePaths } from "./github-stack-file-paths.ts";
import type { ListedHead } from "./guard-forge.ts";
import { isLeftByStack, readLedgerCaller } from "./ledger-caller.ts";

/** A ledger entry, or a pool in it, that is not served, and why. */
export type Unserved = { alias: string; message: string };

const Text = z.object({ text: z.string().nullable() }).nullable();
const Listing = z.object({
  repository: z.object({
    databaseId: z.int(),
    defaultBranchRef: z.object({ name: z.string() }).nullable(),
    repositoryFile: z.union([Text, z.object({}).transform(() => null)]),
    ...OpenScalesAnswer.shape,
    ...OpenHeadsAnswer.shape,
    ledger: LedgerTree,
    controls: LedgerTree,
  }),
});

const LISTING_QUERY = `
query Listing($owner: String!, $repo: String!, $ledger: String!, $app: Int!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    defaultBranchRef { name }
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { text } }
    ${OPEN_SCALES_FIELDS}
    ${OPEN_HEADS_FIELD}
    ${LEDGER_TREE_FIELD}
    ${CONTROLS_TREE_FIELD}
  }
}`;

export type StackListing = {
  /** GitHub's number of the repository, which stays where it gets another name. */
  repositoryNumber: string;
  stacks: ListedStack[];
  unserved: Unserved[];
  /** False where the ledger branch is not there: never published, or lost. */
  hasLedger: boolean;
  /** Aliases with an open scale pull request, in range or gated. */
  openScales: string[];
  /** Aliases of the stacks with a pin, whether or not it is over. */
  pinned: string[];
  /** Names with an open scale pull request that nothing in the ledger has any more, but what a renamed stack has left there. */
  leftBehind: StackPlace[];
  /** The open pull requests that were updated last, at most a hundred, with what the guard has reported. */
  openHeads: ListedHead[];
  /** Those among them that may be of a plan. */
  plans: { number: number; branch: string }[];
  /** There is a `.github/pulumiscale.yml`. */
  hasSettings: boolean;
  /** Whether the repository wants a status issue; null where its file cannot be used. */
  statusIssue: boolean | null;
  /** Whom the repository wants told; null where its file cannot be used. */
  notifications: NotificationTargets | null;
};

/** Lists the stacks of a repository: one call for the ledger, one more for the projects' stack file folders. */
export async function listStacks(
  client: GitHubClient,
  owner: string,
  repo: string,
  ledger: Pick<LedgerJudge, "judge">,
  appId: number,
): Promise<StackListing> {
  try {
    const answer = Listing.parse(
      await client.graphql(LISTING_QUERY, { owner, repo, ledger: `refs/heads/${LEDGER_BRANCH}`, app: appId }),
    ).repository;
    const unserved: Unserved[] = [];
    const failed: string[] = [];
    const parsedFile = parseRepositoryFile(answer.repositoryFile?.text ?? null);
    // Every decision reads the repository file anew; a bad one is told there and scales nothing.
    const file = parsedFile.kind === "good" ? parsedFile.file : {};
    const branchOf = (alias: string) =>
      policyOf(file, alias).branch ?? answer.defaultBranchRef?.name ?? "main";
    const texts = ledgerTexts(answer.ledger);
    const repository = { owner, repo, repositoryId: String(answer.databaseId), repositoryFile: file };
    const entries = (
      await Promise.all(
        texts.map(({ alias, text }) =>
          readLedgerCaller(alias, text ?? "", ledger, { ...repository, baseBranch: branchOf(alias) }),
        ),
      )
    ).flatMap(({ alias, entry, refusal, hasFailed }) => {
      if (hasFailed && refusal === null) failed.push(alias);
      if (refusal !== null) unserved.push({ alias, message: refusal });
      return entry === null ? [] : [{ alias, entry, refusal }];
    });
    const pathOf = await readStackFilePaths(
      client,
      { owner, repo },
      entries.map(({ entry }) => entry.dir),
    );
    const found = entries.map(({ alias, entry, refusal }) => {
      const branch = branchOf(alias);
      const { contract, problems } = parseContract(entry.pools, entry.project);
      const { project, stack } = entry;
      const place = { owner, repo, alias, project, stack, branch, path: pathOf(entry) };
      const { tokenHashes, publishedAt } = entry;
      const { dir, formerPaths = [] } = entry;
      return {
        ...{ dir, formerPaths, problems },
        listed: { place, contract, tokenHashes, publishedAt, refusal },
      };
    });
    const { named, leftOver } = await nameStacks(
      client,
      found.map(({ dir, formerPaths, listed }) => ({ dir, formerPaths, listed })),
      {
        ...{ file, taken: texts.map(({ alias }) => alias), pathOf },
        isLeftBy: async (former, { branch }) => {
          const text = texts.find(({ alias }) => alias === former)?.text ?? "";
          return isLeftByStack(former, text, ledger, { ...repository, baseBranch: branch });
        },
      },
    );
    for (const { problems, listed } of found)
      unserved.push(
        ...problems.map(({ path, message }) => ({
          alias: listed.place.alias,
          message: `${path}: ${message}`,
        })),
      );
    const open = await readOpenScales(client, owner, repo, answer);
    // What could not be applied is looked after like what is open: there may be something to take back.
    const openScales = [
      ...new Set([
        ...open,
        ...failed.filter((alias) => !leftOver.has(alias) && policyOf(file, alias).onFailure !== "none"),
      ]),
    ];
    const served = new Set(texts.flatMap(({ alias }) => (leftOver.has(alias) ? [] : [alias])));
    const leftBehind =
      answer.ledger === null
        ? []
        : open
            .filter((alias) => !served.has(alias))
            .map((alias) => ({ ...NO_STACK, owner, repo, alias, branch: branchOf(alias) }));
    const openHeads = readOpenHeads(answer);
    const hasSettings = answer.repositoryFile !== null;
    const statusIssue = parsedFile.kind === "good" ? parsedFile.file.statusIssue === true : null;
    const notifications = parsedFile.kind === "good" ? (parsedFile.file.notifications ?? {}) : null;
    return {
      repositoryNumber: String(answer.databaseId),
      stacks: named,
      unserved: unserved.filter(({ alias }) => !leftOver.has(alias)),
      hasLedger: answer.ledger !== null,
      openScales,
      pinned: ledgerTexts(answer.controls).flatMap(({ alias, text }) => (holdsPin(alias, text) ? alias : [])),
      leftBehind,
      openHeads,
      plans: readOpenPlans(answer),
      hasSettings,
      statusIssue,
      notifications,
    };
  } catch (error) {
    throw toForgeError(error, `listing the stacks of ${owner}/${repo}`);
  }
}

/** What cannot be read holds its stack, but pins nothing. */
function holdsPin(alias: string, text: string | null): boolean {
  const parsed = parseControls({ kind: "text", text: text ?? "" }, { kind: "stack", alias });
  return parsed.kind === "controls" && parsed.holds.some(({ kind }) => kind === "pin");
}

/** Of a stack that is gone, nobody knows more than its name. */
const NO_STACK = { project: "", stack: "", path: "Pulumi.yaml" };
