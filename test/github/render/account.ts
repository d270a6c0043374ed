import { formatNodeId } from "../node-id.ts";
import type { Account, World } from "../world.ts";

/** The `simple-user` of REST and webhooks. */
export function renderAccount(world: World, account: Account) {
  const url = `${world.baseUrl}/api/v3/users/${encodeURIComponent(account.login)}`;
  return {
    login: account.login,
    id: account.id,
    node_id: formatNodeId(account.kind, account.id),
    avatar_url: `${world.baseUrl}/avatars/u/${account.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: accountPage(world, account),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.kind,
    user_view_type: "public",
    site_admin: false,
  };
}

export function accountPage(world: World, account: Account): string {
  return account.kind === "Bot"
    ? `${world.baseUrl}/apps/${account.login.replace(/\[bot\]$/, "")}`
    : `${world.baseUrl}/${account.login}`;
}

/** Who is behind a commit's e-mail address; null where GitHub knows nobody. */
export function findAccountByEmail(world: World, email: string): Account | null {
  const wanted = email.toLowerCase();
  for (const account of world.accounts.values()) {
    if (account.email.toLowerCase() === wanted || noReplyAddress(account).toLowerCase() === wanted)
      return account;
  }
  return null;
}

/** The address under which GitHub writes an account's commits. */
export function noReplyAddress(account: Account): string {
  return `${account.id}+${account.login}@users.noreply.github.com`;
}
