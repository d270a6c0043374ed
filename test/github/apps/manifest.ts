import { permissionOfEvent } from "../webhooks/event-permissions.ts";
import type { App, Permissions } from "../world.ts";

/** What a manifest asks for, as far as the stand-in keeps it. */
export interface Manifest {
  readonly name: string;
  readonly url: string;
  readonly description: string;
  readonly webhookUrl: string | null;
  readonly redirectUrl: string | null;
  readonly setupUrl: string | null;
  readonly permissions: Permissions;
  readonly events: readonly string[];
}

/** An App that was registered from a manifest, until its credentials are asked for: once, within the hour. */
export interface PendingConversion {
  readonly app: App;
  readonly pem: string;
  readonly webhookSecret: string | null;
  readonly expiresAtMs: number;
}

/** Reads a manifest, or gives the sentences with which GitHub refuses it. */
export function parseManifest(text: string): Manifest | readonly string[] {
  const given = parseObject(text);
  if (given === null) return ["The manifest is not valid JSON"];
  const hook = isRecord(given.hook_attributes) ? given.hook_attributes : {};
  const permissions = readPermissions(given.default_permissions);
  const events = Array.isArray(given.default_events) ? given.default_events.map(String) : [];
  const problems = [
    ...(typeof given.url === "string" && URL.canParse(given.url) ? [] : [`"url" wasn't supplied.`]),
    ...listEventProblems(events, permissions),
    ...["redirect_url", "setup_url"]
      .filter((key) => given[key] !== undefined && !URL.canParse(String(given[key])))
      .map((key) => `${key} must be a valid URL`),
    ...(hook.url === undefined || URL.canParse(String(hook.url)) ? [] : ["Hook url must be a valid URL"]),
  ];
  if (problems.length > 0) return problems;
  const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return {
    name: textOf(given.name) ?? "",
    url: String(given.url),
    description: textOf(given.description) ?? "",
    webhookUrl: hook.active === false ? null : textOf(hook.url),
    redirectUrl: textOf(given.redirect_url),
    setupUrl: textOf(given.setup_url),
    permissions,
    events,
  };
}

function listEventProblems(events: readonly string[], permissions: Permissions): string[] {
  const unknown = events.filter((event) => !permissionOfEvent.has(event));
  const forbidden = events.filter((event) => {
    const need = permissionOfEvent.get(event);
    return need !== undefined && need !== "metadata" && permissions[need] === undefined;
  });
  return [
    ...(unknown.length === 0 ? [] : [`Default events unsupported: ${unknown.join(", ")}`]),
    ...(forbidden.length === 0
      ? []
      : [`Default events are not supported by permissions: ${forbidden.join(", ")}`]),
  ];
}

function readPermissions(given: unknown): Permissions {
  return Object.fromEntries(
    Object.entries(isRecord(given) ? given : {}).flatMap(([name, level]) =>
      level === "read" || level === "write" || level === "admin" ? [[name, level] as const] : [],
    ),
  );
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
