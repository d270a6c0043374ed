import { describeCaller } from "../auth/caller.ts";
import { notFound } from "../github-error.ts";
import { enterpriseVersion } from "../http/enterprise.ts";
import type { RateLimitState, RateResource } from "../http/rate-limits.ts";
import { renderAccount } from "../render/account.ts";
import { formatTime } from "../render/time.ts";
import type { Account, World } from "../world.ts";
import type { RestHandlers } from "./operation.ts";

export const userOperations = {
  "users/get-authenticated": ({ world, actor }) => ({ status: 200, body: renderUser(world, actor) }),

  "users/get-by-username": ({ world, path }) => {
    const account = world.accounts.get(path.username.toLowerCase());
    if (account === undefined) throw notFound();
    return { status: 200, body: renderUser(world, account) };
  },

  "meta/get": ({ world }) => ({
    status: 200,
    body: {
      verifiable_password_authentication: false,
      ...(world.enterprise === null
        ? {}
        : { installed_version: world.enterprise.version ?? enterpriseVersion }),
    },
  }),

  "rate-limit/get": ({ world, caller }) => {
    const read = (resource: RateResource) => {
      const state = world.readRateLimit?.(describeCaller(world, caller), resource);
      return state === undefined
        ? renderLimit({ limit: 0, used: 0, remaining: 0, resetSeconds: 0 })
        : renderLimit(state);
    };
    const core = read("core");
    return { status: 200, body: { resources: { core, graphql: read("graphql"), search: core }, rate: core } };
  },
} satisfies RestHandlers;

function renderLimit(state: RateLimitState) {
  return { limit: state.limit, used: state.used, remaining: state.remaining, reset: state.resetSeconds };
}

function renderUser(world: World, account: Account) {
  return {
    ...renderAccount(world, account),
    name: account.name,
    company: null,
    blog: "",
    location: null,
    email: account.kind === "Bot" ? null : account.email,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: formatTime(account.createdAt),
    updated_at: formatTime(account.createdAt),
  };
}
