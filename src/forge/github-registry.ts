import { parse } from "yaml";
import { z } from "zod";
import { parseContract } from "../domain/contract.ts";
import { parseRepositoryFile, policyOf } from "../domain/repository-file.ts";
import { LEDGER_BRANCH, LedgerEntry, parseEntry } from "../ledger/entry.ts";
import type { ListedStack } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import { LEDGER_TREE_FIELD, LedgerTree, ledgerTexts } from "./github-ledger-tree.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** A ledger entry, or a pool in it, that is not served, and why. */
export type Unserved = { alias: string; message: string };

const Text = z.object({ text: z.string().nullable() }).nullable();
const Listing = z.object({
  repository: z.object({
    defaultBranchRef: z.object({ name: z.string() }).nullable(),
    repositoryFile: z.union([Text, z.object({}).transform(() => null)]),
    scales: z
      .object({
        nodes: z.array(
          z.object({ name: z.string(), associatedPullRequests: z.object({ totalCount: z.int() }) }),
        ),
      })
      .nullable(),
    ledger: LedgerTree,
  }),
});

const LISTING_QUERY = `
query Listing($owner: String!, $repo: String!, $ledger: String!) {
  repository(owner: $owner, name: $repo) {
    defaultBranchRef { name }
    repositoryFile: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { text } }
    scales: refs(refPrefix: "refs/heads/scale/", first: 100) { nodes { name associatedPullRequests(first: 1, states: OPEN) { totalCount } } }
    ${LEDGER_TREE_FIELD}
  }
}`;

export type StackListing = {
  stacks: ListedStack[];
  unserved: Unserved[];
  /** False where the ledger branch is not there: never published, or lost. */
  hasLedger: boolean;
  /** Aliases with an open in-range pull request. */
  openScales: string[];
};

/** Lists the stacks of a repository: one call for the ledger, one more for the projects' stack file folders. */
export async function listStacks(client: GitHubClient, owner: string, repo: string): Promise<StackListing> {
  try {
    const answer = Listing.parse(
      await client.graphql(LISTING_QUERY, { owner, repo, ledger: `refs/heads/${LEDGER_BRANCH}` }),
    ).repository;
    const unserved: Unserved[] = [];
    const file = parseRepositoryFile(answer.repositoryFile?.text ?? null);
    const entries = ledgerTexts(answer.ledger).flatMap(({ alias, text: found }) => {
      const text = found ?? "";
      const parsed = parseEntry(text);
      if (parsed.kind === "entry") return [{ alias, entry: parsed.entry }];
      unserved.push({
        alias,
        message: parsed.kind === "newer" ? `schemaVersion ${parsed.schemaVersion} is newer` : parsed.message,
      });
      return parsed.kind === "newer" ? parseCaller(alias, text) : [];
    });
    const configDirs = await readConfigDirs(
      client,
      owner,
      repo,
      entries.map(({ entry }) => entry.dir),
    );
    const stacks = entries.map(({ alias, entry }): ListedStack => {
      // Every decision reads the repository file anew; a bad one is told there and scales nothing.
      const policy = policyOf(file.kind === "good" ? file.file : {}, alias);
      const branch = policy.branch ?? answer.defaultBranchRef?.name ?? "main";
      const { contract, problems } = parseContract(entry.pools, entry.project);
      unserved.push(...problems.map(({ path, message }) => ({ alias, message: `${path}: ${message}` })));
      const project = configDirs.get(entry.dir);
      const path = stackFilePath(entry, project?.stackConfigDir, project?.extension ?? "yaml");
      const place = { owner, repo, alias, project: entry.project, stack: entry.stack, branch, path };
      return { place, contract, tokenHashes: entry.tokenHashes };
    });
    const openScales = (answer.scales?.nodes ?? [])
      .filter(({ associatedPullRequests }) => associatedPullRequests.totalCount > 0)
      .map(({ name }) => name.replace(/^scale\//, ""));
    return { stacks, unserved, hasLedger: answer.ledger !== null, openScales };
  } catch (error) {
    throw toForgeError(error, `listing the stacks of ${owner}/${repo}`);
  }
}

type ProjectFile = { stackConfigDir: string | undefined; extension: "yaml" | "yml" };
const ProjectFields = z.object({ stackConfigDir: z.string().optional() });

/** So many directories are asked for in one query: GitHub bounds a query's nodes. */
const DIRS_PER_QUERY = 50;
const Projects = z.object({
  repository: z.record(z.string(), z.union([Text, z.object({}).transform(() => null)])),
});

/** Where each project keeps its stack files: `stackConfigDir` of its Pulumi.yaml on the default branch. */
async function readConfigDirs(
  client: GitHubClient,
  owner: string,
  repo: string,
  dirs: readonly string[],
): Promise<Map<string, ProjectFile>> {
  const unique = [...new Set(dirs)];
  const projects = new Map<string, ProjectFile>();
  for (let from = 0; from < unique.length; from += DIRS_PER_QUERY) {
    const some = unique.slice(from, from + DIRS_PER_QUERY);
    const names = some.flatMap((_, index) => [`y${index}`, `s${index}`]);
    const variables = names.map((name) => `$${name}: String!`).join(", ");
    const fields = names
      .map((name) => `${name}: object(expression: $${name}) { ... on Blob { text } }`)
      .join(" ");
    const query = `query Projects($owner: String!, $repo: String!, ${variables}) { repository(owner: $owner, name: $repo) { ${fields} } }`;
    const expressions = some.flatMap((dir, index) => [
      [`y${index}`, `HEAD:${joinPath(dir, "Pulumi.yaml")}`],
      [`s${index}`, `HEAD:${joinPath(dir, "Pulumi.yml")}`],
    ]);
    const answer = await client.graphql(query, { owner, repo, ...Object.fromEntries(expressions) });
    const { repository } = Projects.parse(answer);
    for (const [index, dir] of some.entries()) {
      projects.set(dir, projectFile(repository[`y${index}`]?.text, repository[`s${index}`]?.text));
    }
  }
  return projects;
}

function projectFile(yaml: string | null | undefined, yml: string | null | undefined): ProjectFile {
  const fields = ProjectFields.safeParse(safeYaml(yaml ?? yml ?? ""));
  return {
    stackConfigDir: fields.success ? fields.data.stackConfigDir : undefined,
    extension: yaml == null && yml != null ? "yml" : "yaml",
  };
}

/** What of an entry says who calls whom. */
const CallerPart = LedgerEntry.pick({
  project: true,
  stack: true,
  dir: true,
  pools: true,
  tokenHashes: true,
});
type CallerPart = z.infer<typeof CallerPart>;

/** Of a newer entry so much, where it still stands there: its callers are known, and asked to come again. */
function parseCaller(alias: string, text: string): { alias: string; entry: CallerPart }[] {
  const parsed = CallerPart.safeParse(JSON.parse(text));
  return parsed.success ? [{ alias, entry: parsed.data }] : [];
}

function stackFilePath(entry: CallerPart, stackConfigDir: string | undefined, extension: string): string {
  return joinPath(entry.dir, stackConfigDir ?? ".", `Pulumi.${entry.stack}.${extension}`);
}

/** Joins repository paths; `.` and empty parts vanish, `..` goes up but never out of the repository. */
function joinPath(...parts: string[]): string {
  const path: string[] = [];
  for (const part of parts.flatMap((piece) => piece.split("/"))) {
    if (part === "..") path.pop();
    else if (part !== "" && part !== ".") path.push(part);
  }
  return path.join("/");
}

function safeYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 50 });
  } catch {
    return undefined;
  }
}
