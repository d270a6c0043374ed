import { z } from "zod";
import type { PreviewComment, PreviewForge } from "../apply/apply-forge.ts";
import { ForgeError } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";

const PAGE_QUERY = `
query PreviewComment($owner: String!, $repo: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      state
      headRefOid
      comments(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { databaseId body viewerDidAuthor }
      }
    }
  }
}`;

const Comment = z.object({ databaseId: z.int().nullable(), body: z.string(), viewerDidAuthor: z.boolean() });

const PageAnswer = z.object({
  repository: z
    .object({
      pullRequest: z
        .object({
          state: z.string(),
          headRefOid: z.string(),
          comments: z.object({
            pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
            nodes: z.array(Comment),
          }),
        })
        .nullable(),
    })
    .nullable(),
});

/** The comment is among the first that a pull request gets; who has buried it deeper gets another one. */
const MOST_PAGES = 5;

/** The first line of a stack's preview comment. Anyone can write it, so it counts only where the job itself is the author. */
function markOf(alias: string): string {
  return `<!-- pulumiscale:preview ${alias} -->`;
}

/** Writes previews on pull requests, as the user whose token the client has. */
export class GitHubPreviewForge implements PreviewForge {
  readonly #client: GitHubClient;

  constructor(client: GitHubClient) {
    this.#client = client;
  }

  async writePreviewComment(comment: PreviewComment): Promise<"written" | "superseded"> {
    try {
      return await this.#write(comment);
    } catch (error) {
      throw toForgeError(error, `writing the preview on pull request #${comment.pullRequest}`);
    }
  }

  async #write(comment: PreviewComment): Promise<"written" | "superseded"> {
    const { owner, repo, pullRequest, alias } = comment;
    const body = `${markOf(alias)}\n${comment.body}`;
    const found = await this.#find(comment);
    if (found === "superseded") return "superseded";
    if (found?.body === body) return "written";
    if (found === null) {
      const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
      await this.#client.request(route, { owner, repo, issue_number: pullRequest, body });
    } else {
      const route = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
      await this.#client.request(route, { owner, repo, comment_id: found.id, body });
    }
    return "written";
  }

  /** The comment that is there; null where there is none yet. */
  async #find({
    owner,
    repo,
    pullRequest,
    alias,
    headOid,
  }: PreviewComment): Promise<{ id: number; body: string } | "superseded" | null> {
    let after: string | null = null;
    for (let page = 0; page < MOST_PAGES; page++) {
      const variables = { owner, repo, number: pullRequest, after };
      const answer = PageAnswer.parse(await askGraphql(this.#client, PAGE_QUERY, variables));
      const pull = answer.repository?.pullRequest;
      if (pull == null)
        throw new ForgeError("forbidden", `The token may not read pull request #${pullRequest}.`);
      if (pull.state !== "OPEN" || pull.headRefOid !== headOid) return "superseded";
      const { nodes, pageInfo } = pull.comments;
      const own = nodes.find(
        ({ viewerDidAuthor, body }) => viewerDidAuthor && body.startsWith(markOf(alias)),
      );
      if (own?.databaseId != null) return { id: own.databaseId, body: own.body };
      if (!pageInfo.hasNextPage) return null;
      after = pageInfo.endCursor;
    }
    return null;
  }
}
