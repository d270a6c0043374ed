import type { GitIdentity } from "../git/parse-commit.ts";
import { noReplyAddress } from "../render/account.ts";
import type { Account } from "../world.ts";

/** Who a commit made through GitHub is by. */
export function identityOf(account: Account, date: Date): GitIdentity {
  const email = account.kind === "Bot" ? noReplyAddress(account) : account.email;
  return { name: account.name ?? account.login, email, date };
}

/** The committer of what is committed on github.com itself. */
export function webFlow(date: Date): GitIdentity {
  return { name: "GitHub", email: "noreply@github.com", date };
}
