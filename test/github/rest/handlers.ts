import { appOperations } from "./apps.ts";
import { gitRefOperations } from "./git-refs.ts";
import type { RestAnswer, RestHandlers, RestRequest } from "./operation.ts";
import { pullOperations } from "./pulls.ts";
import { repositoryOperations } from "./repositories.ts";

const all: readonly RestHandlers[] = [appOperations, gitRefOperations, pullOperations, repositoryOperations];

/** What the stand-in can do, by operation id. */
export const handlers: ReadonlyMap<
  string,
  (request: RestRequest<never>) => RestAnswer | Promise<RestAnswer>
> = new Map(all.flatMap((group) => Object.entries(group)));
