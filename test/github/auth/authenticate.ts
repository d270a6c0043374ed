import { decodeJwt, jwtVerify } from "jose";
import { GitHubError } from "../github-error.ts";
import type { App, Installation, World } from "../world.ts";
import type { Caller } from "./caller.ts";

/**
 * Tells who sent a request from its Authorization header: `Bearer` or `token` for the API, `Basic` with the token as
 * password for git. Throws a 401 as GitHub words it.
 */
export async function authenticate(world: World, header: string | undefined): Promise<Caller> {
  if (header === undefined || header === "") return { kind: "anonymous" };
  const [scheme = "", value = ""] = header.trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case "bearer":
    case "token":
      return value.split(".").length === 3 ? authenticateApp(world, value) : findCredential(world, value);
    case "basic": {
      const [, password = ""] = /^[^:]*:(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
      return findCredential(world, password);
    }
    default:
      throw badCredentials();
  }
}

function findCredential(world: World, token: string): Caller {
  const credential = world.credentials.get(token);
  if (credential === undefined) throw badCredentials();
  if (credential.kind === "installation" && credential.expiresAtMs <= world.credentialNow().getTime()) {
    throw badCredentials();
  }
  if (credential.kind === "installation") requireActive(credential.installation);
  return credential;
}

/** Throws GitHub's 403 for an installation that is suspended. */
export function requireActive(installation: Installation): void {
  if (installation.suspended !== null) throw new GitHubError(403, "This installation has been suspended");
}

async function authenticateApp(world: World, token: string): Promise<Caller> {
  const app = findApp(world, token);
  const nowSeconds = Math.floor(world.credentialNow().getTime() / 1000);
  const payload = await verify(token, app, world.credentialNow());
  if (payload.exp === undefined || payload.exp <= nowSeconds) {
    throw new GitHubError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (payload.exp > nowSeconds + 600) {
    throw new GitHubError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (payload.iat === undefined || payload.iat > nowSeconds) {
    throw new GitHubError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  return { kind: "app", app };
}

async function verify(token: string, app: App, now: Date): Promise<{ exp?: number; iat?: number }> {
  if (app.publicKey === null) throw undecodable();
  try {
    const { payload } = await jwtVerify(token, app.publicKey, {
      algorithms: ["RS256"],
      currentDate: now,
      // The times are judged by our caller, in GitHub's words.
      clockTolerance: 365 * 24 * 3600,
    });
    return payload;
  } catch {
    throw undecodable();
  }
}

function findApp(world: World, token: string): App {
  const issuer = readIssuer(token);
  for (const app of world.apps.values()) {
    if (String(app.id) === issuer || app.clientId === issuer) return app;
  }
  throw new GitHubError(404, "Integration not found");
}

function readIssuer(token: string): string {
  try {
    return String(decodeJwt<{ iss?: string | number }>(token).iss ?? "");
  } catch {
    throw undecodable();
  }
}

function undecodable(): GitHubError {
  return new GitHubError(401, "A JSON web token could not be decoded");
}

function badCredentials(): GitHubError {
  return new GitHubError(401, "Bad credentials");
}
