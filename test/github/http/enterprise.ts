/** A GitHub Enterprise Server: its paths, and what an older one lacks. */
export interface Enterprise {
  /** In `x-github-enterprise-version`; 3.17.0 unless given. */
  readonly version?: string;
  /** GraphQL fields, `Type.field`. */
  readonly missingFields?: readonly string[];
  /** REST operations by their ids. */
  readonly missingOperations?: readonly string[];
  /** False: no commit is signed, as where web commit signing is switched off. */
  readonly signsWebCommits?: false;
}

export const enterpriseVersion = "3.17.0";

/**
 * A path as on api.github.com. github.com's stand-in takes every form; an Enterprise Server's API is below `/api` alone.
 * Null: the server has no such path.
 */
export function findApiPath(path: string, enterprise: Enterprise | null): string | null {
  if (path === "/api/graphql") return "/graphql";
  const below = /^\/api\/v3(\/.*)?$/.exec(path);
  if (below !== null) return below[1] ?? "/";
  return enterprise === null ? path : null;
}
