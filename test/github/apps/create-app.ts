import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Account, App, Permissions, World } from "../world.ts";

export interface AppWish {
  readonly name: string;
  readonly slug: string;
  /** Its own bot where nobody is named. */
  readonly owner: Account | null;
  readonly description: string;
  readonly homepage: string | null;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly webhookUrl: string | null;
  readonly webhookSecret: string;
  /** Where the browser goes after an installation. */
  readonly setupUrl: string | null;
}

const makeKeyPair = promisify(generateKeyPair);

/** Registers an App and its bot. The key's private half is in the answer alone. */
export async function createApp(
  world: World,
  wish: AppWish,
): Promise<{ readonly app: App; readonly privateKey: KeyObject }> {
  const { privateKey, publicKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  const id = world.nextId();
  const login = `${wish.slug}[bot]`;
  const bot: Account = {
    kind: "Bot",
    id: world.nextId(),
    login,
    name: login,
    email: "",
    createdAt: world.now(),
    organization: null,
  };
  world.accounts.set(login.toLowerCase(), bot);
  const app: App = {
    id,
    slug: wish.slug,
    name: wish.name,
    clientId: `Iv23li${id}`,
    owner: wish.owner ?? bot,
    bot,
    description: wish.description,
    homepage: wish.homepage,
    setupUrl: wish.setupUrl,
    permissions: { metadata: "read", ...wish.permissions },
    events: wish.events,
    publicKey,
    createdAt: world.now(),
    webhook: wish.webhookUrl === null ? null : { url: wish.webhookUrl, secret: wish.webhookSecret },
  };
  world.apps.set(id, app);
  return { app, privateKey };
}

export function formatKey(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs1", format: "pem" }).toString();
}

export function makeSecret(): string {
  return randomBytes(20).toString("hex");
}

/** The name of an App as it stands in addresses. */
export function formatSlug(name: string): string {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter((part) => part !== "")
    .join("-");
}
