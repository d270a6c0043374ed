import { actorOf } from "../auth/caller.ts";
import { renderFullRepository } from "../render/repository.ts";
import type { RestHandlers } from "./operation.ts";

export const repositoryOperations = {
  "repos/get": ({ world, repository, caller }) => ({
    status: 200,
    body: renderFullRepository(world, repository, actorOf(world, caller)),
  }),
} satisfies RestHandlers;
