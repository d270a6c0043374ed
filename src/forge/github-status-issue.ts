import { z } from "zod";
import { STATUS_LABEL } from "../domain/labels.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { PlannedWrites } from "./planned-writes.ts";
import type { StatusDraft, StatusIssueForge, StatusWritten } from "./status-issue-forge.ts";

const FIND_QUERY = `
query StatusIssue($owner: String!, $repo: String!, $label: String!) {
  repository(owner: $owner, name: $repo) {
    issues(first: 100, labels: [$label], orderBy: { field: CREATED_AT, direction: ASC }) {
      pageInfo { hasNextPage }
      nodes { id number state body viewerDidAuthor labels(first: 100) { nodes { name } } }
    }
  }
}`;

const StatusIssue = z.object({
  id: z.string(),
  number: z.int(),
  state: z.string(),
  body: z.string(),
  viewerDidAuthor: z.boolean(),
  labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }).nullable(),
});
type StatusIssue = z.infer<typeof StatusIssue>;

const FindAnswer = z.object({
  repository: z.object({
    issues: z.object({ pageInfo: z.object({ hasNextPage: z.boolean() }), nodes: z.array(StatusIssue) }),
  }),
});

/** It stands in a new issue until that is pinned, so that what a kill has left is finished later. */
const UNFINISHED = "PulumiScale is about to fill this in.";
/** It is made, pinned, filled in. */
const WRITES_OF_NEW = 3;

/** Keeps the status issue on GitHub: ours by its creator, and the status issue by its label. */
export class GitHubStatusIssue implements StatusIssueForge {
  readonly #clientFor: GitHubClientFor;

  constructor(clientFor: GitHubClientFor) {
    this.#clientFor = clientFor;
  }

  async writeStatus(name: RepositoryName, draft: StatusDraft): Promise<StatusWritten> {
    try {
      const { open, isClosed } = await findIssues(await this.#clientFor(name.owner, name.repo), name);
      const [oldest, ...newer] = open;
      if (oldest === undefined && isClosed) return "closed";
      if (oldest !== undefined && newer.length === 0 && isSame(oldest.body, draft.body)) return "unchanged";
      await this.#writing(name, oldest === undefined ? WRITES_OF_NEW : open.length + 1, (client) =>
        write(client, name, open, draft),
      );
      return "written";
    } catch (error) {
      throw toForgeError(error, `writing the status issue of ${name.owner}/${name.repo}`);
    }
  }

  async endStatus(name: RepositoryName, words: string): Promise<void> {
    try {
      const { open } = await findIssues(await this.#clientFor(name.owner, name.repo), name);
      if (open.length === 0) return;
      await this.#writing(name, 2 * open.length, async (client) => {
        for (const issue of open) {
          await changePin(client, "unpinIssue", issue);
          await retire(client, name, issue, words);
        }
      });
    } catch (error) {
      throw toForgeError(error, `closing the status issue of ${name.owner}/${name.repo}`);
    }
  }

  async #writing(
    { owner, repo }: RepositoryName,
    count: number,
    work: (client: GitHubClient) => Promise<void>,
  ): Promise<void> {
    const writes = new PlannedWrites("other", count);
    try {
      await work(await this.#clientFor(owner, repo, writes));
    } finally {
      writes.end();
    }
  }
}

async function write(
  client: GitHubClient,
  name: RepositoryName,
  open: readonly StatusIssue[],
  { title, body }: StatusDraft,
): Promise<void> {
  const [kept = await createIssue(client, name, title)] = open;
  // Another replica may have made one at the same moment: the older one stays, whoever made it.
  const all = open.length > 0 ? open : (await findIssues(client, name)).open;
  const oldest = all.find(({ number }) => number <= kept.number) ?? kept;
  for (const issue of all.filter(({ number }) => number !== oldest.number))
    await retire(client, name, issue, `This was made twice; #${oldest.number} is kept up to date.`);
  if (oldest.body === UNFINISHED) await changePin(client, "pinIssue", oldest);
  if (!isSame(oldest.body, body)) await edit(client, name, oldest, { body });
}

async function createIssue(client: GitHubClient, name: RepositoryName, title: string): Promise<StatusIssue> {
  const { data } = await client.request("POST /repos/{owner}/{repo}/issues", {
    ...name,
    ...{ title, body: UNFINISHED, labels: [STATUS_LABEL] },
  });
  const names = data.labels.map((label) => (typeof label === "string" ? label : (label.name ?? "")));
  const issue: StatusIssue = {
    ...{ id: data.node_id, number: data.number, state: "OPEN", body: UNFINISHED, viewerDidAuthor: true },
    labels: { nodes: names.map((label) => ({ name: label })) },
  };
  if (names.includes(STATUS_LABEL)) return issue;
  // Without it nobody would find the issue again, and one would be made each time.
  await retire(client, name, issue, `The label \`${STATUS_LABEL}\` could not be put on this issue.`);
  const why = `GitHub has put no label ${STATUS_LABEL} on the status issue of ${name.owner}/${name.repo}; make that label by hand.`;
  throw new ForgeError("forbidden", why);
}

/** Closed and without its label: it is not found again. */
function retire(client: GitHubClient, name: RepositoryName, issue: StatusIssue, body: string): Promise<void> {
  const labels = issue.labels?.nodes.map((label) => label.name).filter((label) => label !== STATUS_LABEL);
  return edit(client, name, issue, {
    ...{ body, state: "closed", state_reason: "not_planned" },
    labels: labels ?? [],
  });
}

type IssueChange = { body: string; state?: "closed"; state_reason?: "not_planned"; labels?: string[] };

async function edit(
  client: GitHubClient,
  name: RepositoryName,
  { number }: StatusIssue,
  change: IssueChange,
): Promise<void> {
  const route = "PATCH /repos/{owner}/{repo}/issues/{issue_number}";
  await client.request(route, { ...name, issue_number: number, ...change });
}

/** A repository has three pins at most, and people may have used them: an issue without one does as well. */
async function changePin(
  client: GitHubClient,
  mutation: "pinIssue" | "unpinIssue",
  { id }: StatusIssue,
): Promise<void> {
  const query = `mutation($id: ID!) { ${mutation}(input: { issueId: $id }) { issue { number } } }`;
  try {
    await client.graphql(query, { id });
  } catch (error) {
    const isAnswer = error instanceof Error && error.name === "GraphqlResponseError";
    if (!isAnswer || toForgeError(error, "pinning").code === "rate-limited") throw error;
  }
}

/** Those of ours, oldest first. `isClosed`: there is one that somebody has closed. */
async function findIssues(
  client: GitHubClient,
  name: RepositoryName,
): Promise<{ open: StatusIssue[]; isClosed: boolean }> {
  const answer = FindAnswer.parse(await client.graphql(FIND_QUERY, { ...name, label: STATUS_LABEL }));
  const { nodes, pageInfo } = answer.repository.issues;
  const ours = nodes.filter(({ viewerDidAuthor }) => viewerDidAuthor);
  if (ours.length === 0 && pageInfo.hasNextPage) {
    const why = `More than a hundred issues of ${name.owner}/${name.repo} have the label ${STATUS_LABEL}, so that ours cannot be found; take it off them.`;
    throw new ForgeError("forbidden", why);
  }
  const open = ours.filter(({ state }) => state === "OPEN");
  return { open, isClosed: open.length < ours.length };
}

/** A browser writes lines with a carriage return; an edit that leaves it at that is none. */
function isSame(one: string, other: string): boolean {
  return one.replaceAll("\r\n", "\n").trim() === other.trim();
}
