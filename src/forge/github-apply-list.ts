import { posix } from "node:path";
import { z } from "zod";
import type { LedgerStack, RepositoryPlace } from "../apply/apply-forge.ts";
import { parseEntry } from "../ledger/entry.ts";
import { LEDGER_REF, unexpectedAnswer } from "./github-ledger.ts";
import { LEDGER_TREE_FIELD, LedgerTree, ledgerTexts } from "./github-ledger-tree.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { stackConfigDirIn } from "./stack-config-dir.ts";

const Text = z.object({ text: z.string().nullable() });
const Entries = z.object({
  repository: z.object({
    ledger: LedgerTree,
  }),
});

const ENTRIES_QUERY = `
query Entries($owner: String!, $repo: String!, $ledger: String!) {
  repository(owner: $owner, name: $repo) {
    ${LEDGER_TREE_FIELD}
  }
}`;

/** Lists the ledger's stacks, and finds each one's stack file through its project file at the base branch's head. */
export async function listLedgerStacks(
  client: GitHubClient,
  repository: RepositoryPlace,
): Promise<LedgerStack[]> {
  const { owner, repo, baseBranch } = repository;
  const answer = Entries.safeParse(await client.graphql(ENTRIES_QUERY, { owner, repo, ledger: LEDGER_REF }));
  if (!answer.success) throw unexpectedAnswer("listing the ledger", answer.error);
  const entries = ledgerTexts(answer.data.repository.ledger).flatMap(({ alias, text }) =>
    text === null ? [] : [{ alias, text }],
  );
  const parsed = entries.map(({ alias, text }) => ({ alias, text, entry: parseEntry(text) }));
  const dirs = parsed.flatMap(({ entry }) => (entry.kind === "entry" ? [entry.entry.dir] : []));
  const projects = await readProjects(client, repository, [...new Set(dirs)]);
  return parsed.map(({ alias, text, entry }): LedgerStack => {
    const dir = entry.kind === "entry" ? entry.entry.dir : ".";
    const { stackConfigDir, extension } = projects.get(dir) ?? { stackConfigDir: ".", extension: "yaml" };
    const stack = entry.kind === "entry" ? entry.entry.stack : "";
    const stackFilePath = posix.join(dir, stackConfigDir, `Pulumi.${stack}.${extension}`);
    return { place: { owner, repo, baseBranch, alias, dir, stackFilePath }, entry: text };
  });
}

type Project = { stackConfigDir: string; extension: string };

async function readProjects(
  client: GitHubClient,
  { owner, repo, baseBranch }: RepositoryPlace,
  dirs: readonly string[],
): Promise<Map<string, Project>> {
  const projects = new Map<string, Project>();
  if (dirs.length === 0) return projects;
  const asked = dirs.flatMap((dir, index) =>
    ["yaml", "yml"].map((extension) => ({
      name: `${extension}_${index}`,
      dir,
      extension,
      expression: `refs/heads/${baseBranch}:${posix.join(dir, `Pulumi.${extension}`)}`,
    })),
  );
  const declarations = asked.map(({ name }) => `, $${name}: String!`).join("");
  const fields = asked.map(({ name }) => `${name}: object(expression: $${name}) { ... on Blob { text } }`);
  const query = `query Projects($owner: String!, $repo: String!${declarations}) {
  repository(owner: $owner, name: $repo) {
    ${fields.join("\n    ")}
  }
}`;
  const variables = Object.fromEntries(asked.map(({ name, expression }) => [name, expression]));
  const answer = z
    .object({ repository: z.record(z.string(), Text.or(z.object({})).nullable()) })
    .safeParse(await client.graphql(query, { owner, repo, ...variables }));
  if (!answer.success) throw unexpectedAnswer("reading the project files", answer.error);
  for (const { name, dir, extension } of asked) {
    const found = answer.data.repository[name] ?? null;
    if (found === null || !("text" in found) || projects.has(dir)) continue;
    projects.set(dir, { stackConfigDir: stackConfigDirIn(found.text ?? ""), extension });
  }
  return projects;
}
