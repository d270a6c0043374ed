import { GitHubError } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Account, App, Credential, World } from "../world.ts";

/** Who sent a request. */
export type Caller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "app"; readonly app: App }
  | Credential;

/** The account in whose name a caller acts; null for one that cannot act in a repository. */
export function actorOf(world: World, caller: Caller): Account | null {
  switch (caller.kind) {
    case "installation":
      return caller.installation.app.bot;
    case "user":
      return caller.account;
    case "workflow":
      return actionsApp(world).bot;
    default:
      return null;
  }
}

/** The App through which a caller acts, if it does. */
export function appOf(world: World, caller: Caller): App | null {
  switch (caller.kind) {
    case "app":
      return caller.app;
    case "installation":
      return caller.installation.app;
    case "workflow":
      return actionsApp(world);
    default:
      return null;
  }
}

/** What a workflow's own token does starts no workflow. */
export function triggersWorkflows(caller: Caller): boolean {
  return caller.kind !== "workflow";
}

/** For the log of requests: `octocat`, `my-app[bot]`, `app my-app`, `anonymous`. */
export function describeCaller(world: World, caller: Caller): string {
  if (caller.kind === "app") return `app ${caller.app.slug}`;
  return actorOf(world, caller)?.login ?? "anonymous";
}

/** The App behind GITHUB_TOKEN; it has the same id as on github.com. */
export const actionsAppId = 15368;

export function appById(world: World, id: number): App {
  const app = world.apps.get(id);
  if (app === undefined) throw new Error(`The stand-in has no App ${id}.`);
  return app;
}

function actionsApp(world: World): App {
  return appById(world, actionsAppId);
}

/** How a caller's writes are signed and announced. Throws for one that cannot act in a repository. */
export function handOf(world: World, caller: Caller): Hand {
  const account = actorOf(world, caller);
  if (account === null) throw new GitHubError(401, "Requires authentication");
  return { account, app: appOf(world, caller), triggersWorkflows: triggersWorkflows(caller) };
}
