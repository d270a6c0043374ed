import { appOperations } from "./apps.ts";
import { asyncMergeOperations } from "./async-merges.ts";
import { checkOperations } from "./checks.ts";
import { commentOperations } from "./comments.ts";
import { commitOperations } from "./commits.ts";
import { contentOperations } from "./contents.ts";
import { deliveryOperations } from "./deliveries.ts";
import { environmentOperations } from "./environments.ts";
import { gitDatabaseOperations } from "./git-database.ts";
import { gitRefOperations } from "./git-refs.ts";
import { issueOperations } from "./issues.ts";
import { labelOperations } from "./labels.ts";
import type { RestAnswer, RestHandlers, RestRequest } from "./operation.ts";
import { pullOperations } from "./pulls.ts";
import { reactionOperations } from "./reactions.ts";
import { repositoryOperations } from "./repositories.ts";
import { reviewOperations } from "./reviews.ts";
import { ruleOperations } from "./rules.ts";
import { statusOperations } from "./statuses.ts";
import { teamOperations } from "./teams.ts";
import { userOperations } from "./users.ts";

const all: readonly RestHandlers[] = [
  appOperations,
  asyncMergeOperations,
  checkOperations,
  commentOperations,
  commitOperations,
  contentOperations,
  deliveryOperations,
  environmentOperations,
  gitDatabaseOperations,
  gitRefOperations,
  issueOperations,
  labelOperations,
  pullOperations,
  reactionOperations,
  repositoryOperations,
  reviewOperations,
  ruleOperations,
  statusOperations,
  teamOperations,
  userOperations,
];

/** What the stand-in can do, by operation id. */
export const handlers: ReadonlyMap<
  string,
  (request: RestRequest<never>) => RestAnswer | Promise<RestAnswer>
> = new Map(all.flatMap((group) => Object.entries(group)));
