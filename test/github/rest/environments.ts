import { notFound } from "../github-error.ts";
import { renderEnvironment } from "../render/environment.ts";
import { list, type RestHandlers } from "./operation.ts";

export const environmentOperations = {
  "repos/get-all-environments": ({ world, repository }) =>
    list(
      [...repository.environments.values()],
      (environment) => renderEnvironment(world, repository, environment),
      (environments, total) => ({ total_count: total, environments }),
    ),

  "repos/get-environment": ({ world, repository, path }) => {
    const environment = repository.environments.get(path.environment_name);
    if (environment === undefined) throw notFound();
    return { status: 200, body: renderEnvironment(world, repository, environment) };
  },
} satisfies RestHandlers;
