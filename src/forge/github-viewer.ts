import { z } from "zod";

/** Who did a thing, as GraphQL tells it; null where the account is gone. */
export const Actor = z.object({ __typename: z.string(), login: z.string() }).nullable();
export type Actor = z.infer<typeof Actor>;

/** GraphQL names an App `my-app` (a Bot) as an author and `my-app[bot]` as the viewer; a person may be called `my-app` too. */
export function isViewer(actor: Actor, viewer: string): boolean {
  if (actor === null) return false;
  const login = actor.__typename === "Bot" ? botLogin(actor.login) : actor.login;
  return login.toLowerCase() === viewer.toLowerCase();
}

/** A bot's login as REST and `viewer` tell it. */
export function botLogin(login: string): string {
  return `${login.replace(/\[bot\]$/, "")}[bot]`;
}
