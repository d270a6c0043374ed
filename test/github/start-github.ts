import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFaultQueue } from "./faults.ts";
import type { GitHubOptions, GitHubStandIn } from "./github-stand-in.ts";
import { createRateLimits } from "./http/rate-limits.ts";
import type { RequestListener, RequestRecord } from "./http/request-log.ts";
import { createGitHubServer } from "./http/serve.ts";
import { inspectWorld } from "./seed/inspect-world.ts";
import { createActionsApp, seedApps } from "./seed/seed-apps.ts";
import { seedLives } from "./seed/seed-lives.ts";
import { seedOrganizations } from "./seed/seed-organizations.ts";
import { seedPeople } from "./seed/seed-people.ts";
import { seedWorld } from "./seed/seed-world.ts";
import { createWebhookSender, formatEvent } from "./webhooks/deliver-events.ts";
import { fullName, type Push, type RepositoryEvent, type Violation, type World } from "./world.ts";

/** Starts a stand-in for github.com on 127.0.0.1. It is empty: create users, repositories and Apps on it. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubStandIn> {
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "github-")));
  await mkdir(dataDirectory, { recursive: true });
  const violations: Violation[] = [];
  const world = createWorld(options, dataDirectory, violations);
  const requests: RequestRecord[] = [];
  const faults = createFaultQueue();
  const listeners = new Set<RequestListener>();
  const sender = createWebhookSender(world);
  world.webhooks = sender;
  world.events.on("repository", (event) => sender.announce(event));
  const rateLimits = createRateLimits(
    {
      perHour: options.requestsPerHour ?? 5000,
      contentPerMinute: options.contentPerMinute ?? null,
      contentPerHour: options.contentPerHour ?? null,
    },
    world.now,
  );
  world.readRateLimit = rateLimits.read;
  const tell = async (event: Parameters<RequestListener>[0]): Promise<void> => {
    for (const listener of listeners) await listener(event);
  };
  const server = createGitHubServer({ world, faults, rateLimits, requests, tell });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  world.baseUrl = `http://127.0.0.1:${portOf(server.address())}`;

  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await sender.stop();
    await Promise.all(
      [...world.repositories.values()].map((repository) =>
        repository.lock.run(() => repository.git.reader.close()),
      ),
    );
    if (options.dataDirectory === undefined) await rm(dataDirectory, { recursive: true, force: true });
  };

  return {
    url: world.baseUrl,
    apiUrl: `${world.baseUrl}/api/v3`,
    graphqlUrl: `${world.baseUrl}/api/graphql`,
    dataDirectory,
    requests,
    webhookDeliveries: world.deliveries,
    violations,
    faults,
    ...seedWorld(world),
    ...seedApps(world),
    ...seedPeople(world),
    ...seedOrganizations(world),
    ...seedLives(world),
    ...inspectWorld(world),
    onRequest: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onPush: (listener) => {
      const heard = ({ repository, pusher, ...push }: Push): void =>
        listener({ ...push, repo: fullName(repository), pusher: pusher.login });
      world.events.on("push", heard);
      return () => world.events.off("push", heard);
    },
    onEvent: (listener) => {
      const heard = (event: RepositoryEvent): void => {
        const { name, action, triggersWorkflows } = event;
        const payload = formatEvent(world, event);
        listener({
          name,
          action,
          triggersWorkflows,
          payload,
          repo: fullName(event.repository),
          sender: event.sender.login,
        });
      };
      world.events.on("repository", heard);
      return () => world.events.off("repository", heard);
    },
    webhooksIdle: sender.idle,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

let worlds = 0;

function createWorld(options: GitHubOptions, dataDirectory: string, violations: Violation[]): World {
  // No two in one process share ids: clients that keep tokens by an installation's id must not mix them up.
  worlds += 1;
  let lastId = 1_000_000 * worlds;
  const realNow = (): Date => new Date();
  const world: World = {
    now: options.now ?? realNow,
    credentialNow: options.credentialNow ?? realNow,
    nextId: () => {
      lastId += 1;
      return lastId;
    },
    dataDirectory,
    log: options.log ?? (() => {}),
    baseUrl: "",
    accounts: new Map(),
    repositories: new Map(),
    redirects: new Map(),
    apps: new Map(),
    installations: new Map(),
    credentials: new Map(),
    sessions: new Map(),
    conversions: new Map(),
    deliveries: [],
    events: new EventEmitter(),
    enterprise: options.enterprise ?? null,
    unknownMergeabilityReads: options.unknownMergeabilityReads ?? 0,
    reportViolation: (violation) => violations.push(violation),
  };
  createActionsApp(world);
  return world;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The GitHub stand-in has no port.");
  return address.port;
}
