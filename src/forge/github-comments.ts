import { z } from "zod";
import type { Permission } from "../domain/command-rights.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";
import {
  type CommentedPull,
  type CommentForge,
  type CommentPast,
  MOST_OF_THREAD,
  type Thread,
  type ThreadComment,
} from "./comment-forge.ts";
import { readEntryText } from "./github-blob.ts";
import type { GitHubClientFor } from "./github-octokit.ts";
import { readPushTime } from "./github-pushes.ts";
import { BLOB_FIELDS, TextObject } from "./github-snapshot-file.ts";
import { type GitHubWork, gitHubWork } from "./github-work.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** Comments on GitHub. A person waits for an answer, but capacity that is missing comes first. */
export class GitHubComments implements CommentForge {
  readonly #doing: GitHubWork;

  constructor(clientFor: GitHubClientFor) {
    this.#doing = gitHubWork(clientFor);
  }

  readThread(thread: Thread, sinceMs: number): Promise<ThreadComment[]> {
    const { owner, repo, issue } = thread;
    return this.#doing(thread, `reading the comments of #${issue}`, async (client) => {
      const since = new Date(sinceMs).toISOString();
      return readPages(MOST_OF_THREAD, async (page) => {
        const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
        return (await client.request(route, { owner, repo, issue_number: issue, since, ...page })).data;
      });
    });
  }

  readRecent({ owner, repo }: RepositoryName, sinceMs: number): Promise<ThreadComment[]> {
    return this.#doing({ owner, repo }, "reading the newest comments", async (client) => {
      const newest = { sort: "created", direction: "desc", since: new Date(sinceMs).toISOString() } as const;
      return readPages(MOST_RECENT, async (page) => {
        const route = "GET /repos/{owner}/{repo}/issues/comments";
        return (await client.request(route, { owner, repo, ...newest, ...page })).data;
      });
    });
  }

  readPast({ owner, repo }: RepositoryName, nodeId: string): Promise<CommentPast> {
    return this.#doing({ owner, repo }, "reading what has happened to a comment", async (client) => {
      const query = `query($id: ID!) {
        node(id: $id) { ... on IssueComment { lastEditedAt reactionGroups { content viewerHasReacted } } }
      }`;
      const { node } = PastAnswer.parse(await client.graphql(query, { id: nodeId }));
      // One that is not there any more says nothing, either.
      const wasEdited = node === null || node.lastEditedAt !== null;
      const groups = node?.reactionGroups ?? [];
      const wasBegun = groups.some(({ content, viewerHasReacted }) => content === "EYES" && viewerHasReacted);
      return { wasEdited, wasBegun };
    });
  }

  react(
    { owner, repo }: RepositoryName,
    commentId: number,
    content: "eyes" | "confused",
  ): Promise<"reacted" | "known"> {
    return this.#doing(
      { owner, repo },
      "reacting to a comment",
      async (client) => {
        const route = "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions";
        const { status } = await client.request(route, { owner, repo, comment_id: commentId, content });
        return status === 200 ? "known" : "reacted";
      },
      new PlannedWrites("other", 1),
    );
  }

  reply({ owner, repo, issue }: Thread, body: string): Promise<number> {
    return this.#doing(
      { owner, repo },
      `answering on #${issue}`,
      async (client) => {
        const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
        const { data } = await client.request(route, { owner, repo, issue_number: issue, body });
        return Number(data.id);
      },
      new PlannedWrites("other", 1),
    );
  }

  editReply({ owner, repo }: RepositoryName, replyId: number, body: string): Promise<void> {
    return this.#doing(
      { owner, repo },
      "bringing an answer up to date",
      async (client) => {
        const route = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
        await client.request(route, { owner, repo, comment_id: replyId, body });
      },
      new PlannedWrites("other", 1),
    );
  }

  deleteReply({ owner, repo }: RepositoryName, replyId: number): Promise<void> {
    return this.#doing(
      { owner, repo },
      "taking an answer back that another process has given",
      async (client) => {
        const route = "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}";
        await orNull(client.request(route, { owner, repo, comment_id: replyId }));
      },
      new PlannedWrites("other", 1),
    );
  }

  readPermission({ owner, repo }: RepositoryName, login: string): Promise<Permission> {
    return this.#doing({ owner, repo }, `reading what ${login} may do`, async (client) => {
      const route = "GET /repos/{owner}/{repo}/collaborators/{username}/permission";
      const answer = await orNull(client.request(route, { owner, repo, username: login }));
      if (answer === null) return "none";
      const { permission, role_name: role } = answer.data;
      // `permission` knows no `maintain` and no `triage`; a role of an organization's own is only in `role_name`.
      const known =
        PERMISSIONS.find((name) => name === role) ?? PERMISSIONS.find((name) => name === permission);
      return known ?? "none";
    });
  }

  teamsOf({ owner, repo }: RepositoryName, login: string, teams: readonly string[]): Promise<string[]> {
    return this.#doing({ owner, repo }, `reading the teams of ${login}`, async (client) => {
      const found: string[] = [];
      for (const team of teams) {
        const route = "GET /orgs/{org}/teams/{team_slug}/memberships/{username}";
        const answer = await orNull(client.request(route, { org: owner, team_slug: team, username: login }));
        if (answer?.data.state === "active") found.push(team);
      }
      return found;
    });
  }

  readRepositoryFile({ owner, repo }: RepositoryName): Promise<StackFile> {
    return this.#doing({ owner, repo }, "reading .github/pulumiscale.yml", async (client) => {
      const query = `query($owner: String!, $repo: String!) {
        repository(owner: $owner, name: $repo) {
          file: object(expression: "HEAD:.github/pulumiscale.yml") { ... on Blob { ${BLOB_FIELDS} } }
        }
      }`;
      const { repository } = FileAnswer.parse(await client.graphql(query, { owner, repo }));
      return readEntryText(client, { owner, repo }, { object: repository.file });
    });
  }

  readPull({ owner, repo, issue }: Thread): Promise<CommentedPull | null> {
    return this.#doing({ owner, repo }, `reading pull request #${issue}`, async (client) => {
      const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
      const answer = await orNull(client.request(route, { owner, repo, pull_number: issue }));
      if (answer === null) return null;
      const { head, state } = answer.data;
      return { branch: head.ref, isOpen: state === "open" };
    });
  }

  readPushTime(repository: RepositoryName, branch: string, headOid: string): Promise<number | null> {
    return this.#doing(repository, `reading when ${branch} was pushed`, (client) =>
      readPushTime(client, repository, branch, headOid),
    );
  }

  requestApply({ owner, repo }: RepositoryName, eventType: string, alias: string): Promise<void> {
    return this.#doing(
      { owner, repo },
      "asking the deploy workflow to apply",
      async (client) => {
        const payload = { event_type: eventType, client_payload: { stack: alias } };
        await client.request("POST /repos/{owner}/{repo}/dispatches", { owner, repo, ...payload });
      },
      new PlannedWrites("other", 1),
    );
  }
}

const MOST_RECENT = 1_000;
const PER_PAGE = 100;

const PERMISSIONS: readonly Permission[] = ["none", "read", "triage", "write", "maintain", "admin"];

const FileAnswer = z.object({ repository: z.object({ file: TextObject }) });
const Group = z.object({ content: z.string(), viewerHasReacted: z.boolean() });
const Past = z.object({ lastEditedAt: z.string().nullable(), reactionGroups: z.array(Group).nullable() });
const PastAnswer = z.object({ node: Past.nullable() });

/** The part of GitHub's answer that is used here. */
type CommentAnswer = {
  id: number | bigint;
  node_id: string;
  issue_url: string;
  user: { login: string; type: string } | null;
  body?: string;
  created_at: string;
  updated_at: string;
};

/** Page after page until one is not full, and no more than `most` comments. */
async function readPages(
  most: number,
  readPage: (page: { page: number; per_page: number }) => Promise<CommentAnswer[]>,
): Promise<ThreadComment[]> {
  const read: ThreadComment[] = [];
  for (let page = 1; read.length < most; page++) {
    const answers = await readPage({ page, per_page: PER_PAGE });
    read.push(...answers.map(toComment));
    if (answers.length < PER_PAGE) break;
  }
  return read;
}

function toComment(answer: CommentAnswer): ThreadComment {
  const { id, node_id, issue_url, user, body, created_at, updated_at } = answer;
  return {
    id: Number(id),
    issue: Number(issue_url.slice(issue_url.lastIndexOf("/") + 1)),
    author: user?.login ?? "",
    isPerson: user?.type === "User",
    body: body ?? "",
    createdAtMs: Date.parse(created_at),
    isEdited: updated_at !== created_at,
    nodeId: node_id,
  };
}

/** Null where GitHub knows no such thing, or shows it to nobody like us. */
async function orNull<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return null;
    throw error;
  }
}
