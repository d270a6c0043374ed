import { formatNodeId } from "../node-id.ts";
import { fullName, type Installation, type Repository, repositoriesOf, type World } from "../world.ts";

/** The `repositories` of an `installation` event. */
export function renderInstalledRepositories(world: World, installation: Installation) {
  return renderRepositories(repositoriesOf(world, installation));
}

export function renderRepositories(repositories: readonly Repository[]) {
  return repositories.map((repository) => ({
    id: repository.id,
    node_id: formatNodeId("Repository", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.settings.private,
  }));
}
