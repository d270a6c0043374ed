import { formatNodeId } from "../node-id.ts";
import type { CommitComment } from "../repository/commit-marks.ts";
import type { Repository, World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { associationOf, renderReactions } from "./issue.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderCommitComment(world: World, repository: Repository, comment: CommitComment) {
  const url = `${repositoryUrl(world, repository)}/comments/${comment.id}`;
  return {
    id: comment.id,
    node_id: formatNodeId("CommitComment", repository.id, comment.id),
    url,
    html_url: `${repositoryPage(world, repository)}/commit/${comment.sha}#commitcomment-${comment.id}`,
    user: renderAccount(world, comment.author),
    path: comment.path,
    position: comment.position,
    line: comment.position,
    commit_id: comment.sha,
    body: comment.body,
    created_at: formatTime(comment.createdAt),
    updated_at: formatTime(comment.updatedAt),
    author_association: associationOf(repository, comment.author),
    reactions: renderReactions(url, []),
  };
}
