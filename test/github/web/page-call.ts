import type { Account, World } from "../world.ts";

/** One request for a page. */
export interface PageCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  /** Null: nobody is signed in. */
  readonly viewer: Account | null;
}

const cookieName = "user_session";

/** The cookie of whoever is signed in under this session. */
export function formatCookie(session: string): string {
  return `${cookieName}=${session}`;
}

export function findViewer(world: World, cookies: string | undefined): Account | null {
  const pair = (cookies ?? "").split("; ").find((one) => one.startsWith(`${cookieName}=`));
  return world.sessions.get(pair?.slice(cookieName.length + 1) ?? "") ?? null;
}
