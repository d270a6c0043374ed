import { formatNodeId } from "../node-id.ts";
import type { CommitStatus } from "../repository/commit-marks.ts";
import type { Repository, World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderStatus(world: World, repository: Repository, status: CommitStatus) {
  const creator = renderAccount(world, status.creator);
  return {
    url: `${repositoryUrl(world, repository)}/statuses/${status.sha}`,
    avatar_url: creator.avatar_url,
    id: status.id,
    node_id: formatNodeId("StatusContext", repository.id, status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: formatTime(status.createdAt),
    updated_at: formatTime(status.createdAt),
    creator,
  };
}
