import { formatNodeId } from "../node-id.ts";
import { accountPage } from "../render/account.ts";
import { formatTime } from "../render/time.ts";
import type { Account, World } from "../world.ts";

/** An `Actor`. In GraphQL, unlike REST, a bot's login has no `[bot]`. */
export function viewActor(world: World, account: Account) {
  return {
    ...viewUser(world, account),
    __typename: account.kind,
    login: account.login.replace(/\[bot\]$/, ""),
  };
}

/** A `User`: what is behind a commit's address is one even where it is a bot, and has its full login. */
export function viewUser(world: World, account: Account) {
  const url = accountPage(world, account);
  return {
    __typename: "User",
    id: formatNodeId(account.kind, account.id),
    databaseId: account.id,
    login: account.login,
    name: account.name,
    email: account.kind === "Bot" ? "" : account.email,
    url,
    resourcePath: url.slice(world.baseUrl.length),
    avatarUrl: () => `${world.baseUrl}/avatars/u/${account.id}?v=4`,
    createdAt: formatTime(account.createdAt),
    updatedAt: formatTime(account.createdAt),
  };
}
