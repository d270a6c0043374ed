import type { Caller } from "../auth/caller.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { formatTime } from "../render/time.ts";
import type { Delivery } from "../webhooks/delivery.ts";
import type { App, World } from "../world.ts";
import type { RestHandlers } from "./operation.ts";

export const deliveryOperations = {
  "apps/list-webhook-deliveries": ({ world, caller, query }) => {
    const newestFirst = deliveriesOf(world, caller).reverse();
    const start =
      query.cursor === undefined ? 0 : newestFirst.findIndex(({ id }) => String(id) === query.cursor);
    const perPage = query.per_page ?? 30;
    const page = newestFirst.slice(Math.max(0, start), Math.max(0, start) + perPage);
    const next = newestFirst[Math.max(0, start) + perPage];
    const url = `${world.baseUrl}/api/v3/app/hook/deliveries?per_page=${perPage}`;
    return {
      status: 200,
      body: page.map(renderDeliveryItem),
      headers: next === undefined ? {} : { link: `<${url}&cursor=${next.id}>; rel="next"` },
    };
  },

  "apps/get-webhook-delivery": ({ world, caller, path }) => ({
    status: 200,
    body: renderDelivery(requireDelivery(world, caller, path.delivery_id)),
  }),

  "apps/redeliver-webhook-delivery": ({ world, caller, path }) => {
    world.webhooks?.redeliver(requireDelivery(world, caller, path.delivery_id));
    return { status: 202, body: {} };
  },

  "apps/get-webhook-config-for-app": ({ caller }) => ({ status: 200, body: renderConfig(appOfJwt(caller)) }),

  "apps/update-webhook-config-for-app": ({ caller, body }) => {
    const app = appOfJwt(caller);
    app.webhook = {
      url: body.url ?? app.webhook?.url ?? "",
      secret: body.secret ?? app.webhook?.secret ?? "",
    };
    return { status: 200, body: renderConfig(app) };
  },
} satisfies RestHandlers;

function appOfJwt(caller: Caller): App {
  if (caller.kind !== "app") throw new GitHubError(401, "A JSON web token could not be decoded");
  return caller.app;
}

function deliveriesOf(world: World, caller: Caller): Delivery[] {
  const { id } = appOfJwt(caller);
  return world.deliveries.filter((delivery) => delivery.appId === id && delivery.outcome !== null);
}

function requireDelivery(world: World, caller: Caller, id: number): Delivery {
  const delivery = deliveriesOf(world, caller).find((one) => one.id === id);
  if (delivery === undefined) throw notFound();
  return delivery;
}

function renderDeliveryItem(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: formatTime(delivery.deliveredAt),
    redelivery: delivery.redelivery,
    duration: delivery.outcome?.durationSeconds ?? 0,
    status: delivery.outcome?.status ?? "pending",
    status_code: delivery.outcome?.statusCode ?? 0,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}

function renderDelivery(delivery: Delivery) {
  return {
    ...renderDeliveryItem(delivery),
    request: { headers: delivery.request.headers, payload: JSON.parse(delivery.request.payload) },
    response: { headers: delivery.outcome?.headers ?? {}, payload: delivery.outcome?.body ?? "" },
  };
}

function renderConfig(app: App) {
  return {
    content_type: "json",
    insecure_ssl: "0",
    url: app.webhook?.url ?? "https://example.com/",
    ...(app.webhook?.secret ? { secret: "********" } : {}),
  };
}
