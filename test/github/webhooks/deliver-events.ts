import { createHmac, randomUUID } from "node:crypto";
import { formatNodeId } from "../node-id.ts";
import { findWebhookProblem } from "../openapi/validate.ts";
import { renderAccount } from "../render/account.ts";
import { renderRepository } from "../render/repository.ts";
import { renderOrganization } from "../render/team.ts";
import type { App, Installation, Permissions, RepositoryEvent, World } from "../world.ts";
import { findInstallation } from "../world.ts";
import type { Delivery, DeliveryOutcome } from "./delivery.ts";
import { permissionOfEvent } from "./event-permissions.ts";

const timeoutMs = 10_000;

/** What GitHub sends an App about its own check suites, whether it subscribed or not. */
const ownCheckActions = new Set(["requested", "rerequested", "requested_action"]);

export interface WebhookSender {
  /** Delivers an event to every App that is installed where it happened and has subscribed to it. */
  announce(event: RepositoryEvent): void;
  /** Delivers an event about an installation itself to its App. */
  announceInstallation(installation: Installation, name: string, action: string, payload: object): void;
  /** Sends a delivery once more, under the same id. */
  redeliver(delivery: Delivery): Delivery;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Gives up what is under way. */
  stop(): Promise<void>;
}

/** Deliveries leave at once, each by itself: like GitHub's, they come in no promised order and are never retried. */
export function createWebhookSender(world: World): WebhookSender {
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();

  const send = (app: App, delivery: Delivery): void => {
    const webhook = app.webhook;
    world.deliveries.push(delivery);
    if (webhook === null) return;
    const attempt = post(webhook.url, delivery, stopped.signal).then((outcome) => {
      delivery.outcome = outcome;
      world.log(`webhook ${delivery.event} → ${webhook.url}: ${outcome.status}`);
    });
    const tracked = attempt.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  const sendEvent = (
    installation: Installation,
    name: string,
    action: string | null,
    payload: object,
    repositoryId: number | null,
  ): void => {
    if (installation.app.webhook === null) return;
    const body = JSON.stringify(payload);
    const problem = findWebhookProblem(name, action, JSON.parse(body));
    if (problem !== null) {
      world.reportViolation({
        operation: `webhook ${name}${action === null ? "" : `.${action}`}`,
        status: null,
        problem,
      });
    }
    const guid = randomUUID();
    send(installation.app, {
      id: world.nextId(),
      guid,
      appId: installation.app.id,
      installationId: installation.id,
      repositoryId,
      event: name,
      action,
      redelivery: false,
      deliveredAt: world.now(),
      request: { headers: formatHeaders(installation.app, name, guid, body), payload: body },
      outcome: null,
    });
  };

  return {
    announce: (event) => {
      for (const app of world.apps.values()) {
        const installation = findInstallation(world, app, event.repository);
        if (installation === undefined || !hears(installation, event)) continue;
        sendEvent(
          installation,
          event.name,
          event.action,
          formatPayload(world, event, installation),
          event.repository.id,
        );
      }
    },
    announceInstallation: (installation, name, action, payload) =>
      sendEvent(installation, name, action, payload, null),
    redeliver: (delivery) => {
      const app = world.apps.get(delivery.appId);
      if (app === undefined) throw new Error(`Delivery ${delivery.id} belongs to an App that is gone.`);
      const again = {
        ...delivery,
        id: world.nextId(),
        redelivery: true,
        deliveredAt: world.now(),
        outcome: null,
      };
      send(app, again);
      return again;
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    stop: async () => {
      stopped.abort();
      await Promise.all(underWay);
    },
  };
}

function hears({ app, permissions, suspended }: Installation, event: RepositoryEvent): boolean {
  if (suspended !== null) return false;
  if (event.onlyApp !== undefined) return event.onlyApp === app;
  if (event.action !== null && event.name.startsWith("check_") && ownCheckActions.has(event.action))
    return false;
  if (event.name === "issue_comment" && !hearsConversation(permissions, event)) return false;
  const need = permissionOfEvent.get(event.name);
  if (event.name !== "issue_comment" && need !== undefined && permissions[need] === undefined) return false;
  return app.events.includes(event.name);
}

/** A comment under a pull request is told to who may read either; one under an issue to who may read issues. */
function hearsConversation(permissions: Permissions, { payload }: RepositoryEvent): boolean {
  const { issue } = payload;
  const isPull = typeof issue === "object" && issue !== null && "pull_request" in issue;
  return permissions.issues !== undefined || (isPull && permissions.pull_requests !== undefined);
}

function formatPayload(world: World, event: RepositoryEvent, installation: Installation): object {
  const installed = { id: installation.id, node_id: formatNodeId("Installation", installation.id) };
  return { ...formatEvent(world, event), installation: installed };
}

/** An event as webhooks and workflows get it, but for the installation that only webhooks name. */
export function formatEvent(world: World, event: RepositoryEvent): Record<string, unknown> {
  return {
    ...(event.action === null ? {} : { action: event.action }),
    repository: renderRepository(world, event.repository),
    ...(event.repository.owner.kind === "Organization"
      ? { organization: renderOrganization(world, event.repository.owner) }
      : {}),
    sender: renderAccount(world, event.sender),
    ...event.payload,
  };
}

function formatHeaders(app: App, event: string, guid: string, body: string): Record<string, string> {
  const secret = app.webhook?.secret ?? "";
  const sign = (hash: string): string => `${hash}=${createHmac(hash, secret).update(body).digest("hex")}`;
  return {
    Accept: "*/*",
    "Content-Type": "application/json",
    "User-Agent": "GitHub-Hookshot/0000000",
    "X-GitHub-Delivery": guid,
    "X-GitHub-Event": event,
    "X-GitHub-Hook-ID": String(app.id),
    "X-GitHub-Hook-Installation-Target-ID": String(app.id),
    "X-GitHub-Hook-Installation-Target-Type": "integration",
    ...(secret === "" ? {} : { "X-Hub-Signature": sign("sha1"), "X-Hub-Signature-256": sign("sha256") }),
  };
}

async function post(url: string, delivery: Delivery, stopped: AbortSignal): Promise<DeliveryOutcome> {
  const startedMs = performance.now();
  const durationSeconds = (): number => Math.round((performance.now() - startedMs) / 10) / 100;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: delivery.request.headers,
      body: delivery.request.payload,
      redirect: "manual",
      signal: AbortSignal.any([timeout, stopped]),
    });
    const body = await response.text();
    return {
      durationSeconds: durationSeconds(),
      status: response.ok ? "OK" : `Invalid HTTP Response: ${response.status}`,
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body,
    };
  } catch {
    const status = timeout.aborted ? "timed out" : "failed to connect to host";
    return { durationSeconds: durationSeconds(), status, statusCode: 0, headers: {}, body: "" };
  }
}
