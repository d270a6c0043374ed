import { formatNodeId } from "../node-id.ts";
import { formatTime } from "../render/time.ts";
import type { App } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";

export function viewApp(context: GraphqlContext, app: App) {
  return {
    __typename: "App",
    id: formatNodeId("App", app.id),
    databaseId: app.id,
    clientId: app.clientId,
    name: app.name,
    slug: app.slug,
    description: "",
    url: `${context.world.baseUrl}/apps/${app.slug}`,
    createdAt: formatTime(app.createdAt),
    updatedAt: formatTime(app.createdAt),
  };
}
