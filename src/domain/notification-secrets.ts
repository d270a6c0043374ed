import { Address, type NamedTarget } from "./notification-targets.ts";

/** A mail server, as its URL has it. */
export type MailServer = {
  host: string;
  port: number;
  /** TLS from the first byte; else STARTTLS, where the server has it. */
  secure: boolean;
  /** Never sent without TLS but to this machine. */
  login: { user: string; pass: string } | null;
};

/** Where a webhook goes, and the key that signs it. */
export type SignedTarget = { url: string; key: Buffer };

/** What whoever runs this lets repositories do with the mail servers; null: whatever they say. */
export type MailRules = {
  /** The address that all mail comes from. */
  from: string | null;
  /** The domains that mail may go to. */
  domains: ReadonlySet<string> | null;
};

/** Where targets are found, by their names, and what of them may be used how. */
export type NotificationSecrets = {
  slack: ReadonlyMap<string, string>;
  smtp: ReadonlyMap<string, MailServer>;
  webhook: ReadonlyMap<string, SignedTarget>;
  mail: MailRules;
  /** All that is secret in them: no log may hold it. */
  texts: readonly string[];
};

type Read<T> = T | { problem: string };

const SLACK = "PULUMISCALE_SLACK_URL_";
const SMTP = "PULUMISCALE_SMTP_URL_";
const WEBHOOK_URL = "PULUMISCALE_WEBHOOK_URL_";
const WEBHOOK_KEY = "PULUMISCALE_WEBHOOK_KEY_";

const MAIL_FROM = "PULUMISCALE_MAIL_FROM";
export const MAIL_DOMAINS = "PULUMISCALE_MAIL_DOMAINS";

const PREFIXES = { slack: [SLACK], email: [SMTP], webhook: [WEBHOOK_URL, WEBHOOK_KEY] };

/** The names of the settings that a target needs: `PULUMISCALE_SLACK_URL_OPS` for the Slack target `ops`. */
export function settingsOf({ type, name }: Pick<NamedTarget, "type" | "name">): string[] {
  return PREFIXES[type].map((prefix) => `${prefix}${settingName(name)}`);
}

/** Reads addresses and keys out of an environment. `problems` name settings and never show a value. */
export function parseNotificationSecrets(environment: Readonly<Record<string, unknown>>): {
  secrets: NotificationSecrets;
  problems: string[];
} {
  const problems: string[] = [];
  const texts: string[] = [];
  const readAll = <T extends object | string>(
    prefix: string,
    read: (value: string, name: string) => Read<T>,
  ) => {
    const found = new Map<string, T>();
    for (const [setting, value] of Object.entries(environment)) {
      if (!setting.startsWith(prefix) || typeof value !== "string") continue;
      const name = targetName(setting.slice(prefix.length));
      const parsed = read(value, name);
      texts.push(value);
      if (typeof parsed === "object" && "problem" in parsed) problems.push(`${setting}: ${parsed.problem}`);
      else found.set(name, parsed);
    }
    return found;
  };
  const slack = readAll(SLACK, (value) => readAddress(value, isSafe, "https, or http on this machine"));
  const smtp = readAll(SMTP, readServer);
  const keys = readAll(WEBHOOK_KEY, readKey);
  const webhook = readAll(WEBHOOK_URL, (value, name): Read<SignedTarget> => {
    const url = readAddress(value, isHttp, "http or https");
    const key = keys.get(name);
    if (typeof url !== "string") return url;
    return key === undefined ? { problem: `${WEBHOOK_KEY}${settingName(name)} is not set` } : { url, key };
  });
  for (const name of keys.keys())
    if (environment[`${WEBHOOK_URL}${settingName(name)}`] === undefined)
      problems.push(`${WEBHOOK_URL}${settingName(name)}: is not set`);
  const mail = readMailRules(environment, problems);
  return { secrets: { slack, smtp, webhook, mail, texts: [...texts, ...partsOf(texts, smtp)] }, problems };
}

function readMailRules(environment: Readonly<Record<string, unknown>>, problems: string[]): MailRules {
  const { [MAIL_FROM]: from, [MAIL_DOMAINS]: list } = environment;
  const isAddress = Address.safeParse(from).success;
  if (from !== undefined && !isAddress)
    problems.push(`${MAIL_FROM}: it has to be an e-mail address, without a name`);
  const domains =
    typeof list === "string"
      ? list
          .toLowerCase()
          .split(",")
          .map((domain) => domain.trim())
      : null;
  // `*.example.com` would look as if it worked.
  if (domains?.every((domain) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(domain)) === false)
    problems.push(`${MAIL_DOMAINS}: it has to be domains, as example.com,example.org`);
  return { from: typeof from === "string" ? from : null, domains: domains && new Set(domains) };
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

/** What of them may stand alone in an error: an address's path, and a password as it was decoded. */
function partsOf(texts: readonly string[], smtp: ReadonlyMap<string, MailServer>): string[] {
  const paths = texts.flatMap((text) => {
    const { pathname = "", search = "" } = URL.parse(text) ?? {};
    return pathname.length > 8 ? [pathname, `${pathname}${search}`] : [];
  });
  return [...paths, ...[...smtp.values()].flatMap(({ login }) => login?.pass ?? [])];
}

function readAddress(value: string, isGood: (url: URL) => boolean, expected: string): Read<string> {
  const url = URL.parse(value);
  if (url === null || !isGood(url)) return { problem: `it has to be a URL, ${expected}` };
  if (url.username !== "" || url.password !== "")
    return { problem: "it holds a user or a password, which cannot be sent" };
  return url.href;
}

function readServer(value: string): Read<MailServer> {
  const url = URL.parse(value);
  if (url === null || url.hostname === "" || !/^smtps?:$/.test(url.protocol))
    return { problem: "it has to be smtp://user:password@host:587, or smtps:// for TLS from the start" };
  const secure = url.protocol === "smtps:";
  const port = url.port === "" ? (secure ? 465 : 587) : Number(url.port);
  try {
    const user = decodeURIComponent(url.username);
    const pass = decodeURIComponent(url.password);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return { host, port, secure, login: user === "" ? null : { user, pass } };
  } catch {
    return { problem: "its user and password have to be percent-encoded" };
  }
}

/** As the Standard Webhooks specification has it: base64 of 24 to 64 bytes, with `whsec_` before it or without. */
function readKey(value: string): Read<Buffer> {
  const text = value.replace(/^whsec_/, "");
  const key = Buffer.from(text, "base64");
  const isKey = /^[A-Za-z0-9+/]{32,88}={0,2}$/.test(text) && key.length >= 24 && key.length <= 64;
  return isKey ? key : { problem: "it has to be whsec_ and 24 to 64 random bytes in base64" };
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "http:";
}

function isSafe(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isThisMachine(url.hostname));
}

/** Whether a host is this very machine, by its name alone. */
export function isThisMachine(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?)$/.test(host);
}

function settingName(target: string): string {
  return target.toUpperCase().replaceAll("-", "_");
}

function targetName(suffix: string): string {
  return suffix.toLowerCase().replaceAll("_", "-");
}
