import { readFileSync } from "node:fs";
import { z } from "zod";
import { Alias } from "./domain/names.ts";
import { type NotificationSecrets, parseNotificationSecrets } from "./domain/notification-secrets.ts";
import { type StackName, stackName } from "./domain/stack-name.ts";

const NotEmpty = z.string().trim().min(1);
const Secret = z.string().min(32, "it has to have at least 32 characters");

/** What is fetched there decides who is believed. */
const SafeUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => isSafe(URL.parse(url)), "it has to be https, or http on this machine");

const Environment = z.object({
  APP_ID: z.coerce.number({ error: "it has to be the App's id, a number" }).int().positive(),
  PRIVATE_KEY: NotEmpty.optional(),
  PRIVATE_KEY_PATH: NotEmpty.optional(),
  WEBHOOK_SECRET: NotEmpty.refine(
    (secret) => secret !== "development",
    "`development` is a well-known secret",
  ),
  GITHUB_API_URL: z.url({ protocol: /^https?$/ }).default("https://api.github.com"),
  HOST: NotEmpty.default("0.0.0.0"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  PULUMISCALE_DEFAULT_STACK: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+\/[^/\s]+$/, "it has to be owner/repo/alias")
    .refine((path) => Alias.safeParse(path.split("/")[2]).success, "its last part is no stack alias")
    .optional(),
  PULUMISCALE_HMAC_SECRET: Secret.optional(),
  PULUMISCALE_METRICS_TOKEN: Secret.optional(),
  PULUMISCALE_OIDC_ISSUER: SafeUrl.optional(),
  AWS_ENDPOINT_URL_SNS: SafeUrl.optional(),
  PULUMISCALE_PAUSED: z.enum(["0", "1"]).default("0"),
});

const SidecarEnvironment = Environment.pick({
  LOG_LEVEL: true,
  PULUMISCALE_METRICS_TOKEN: true,
  AWS_ENDPOINT_URL_SNS: true,
  PULUMISCALE_PAUSED: true,
});

const NO_KEY = "PRIVATE_KEY: give the App's private key here, or the path of its file in PRIVATE_KEY_PATH";

/** All that the app is told from outside. */
export type Settings = {
  appId: number;
  privateKey: string;
  webhookSecret: string;
  githubApiUrl: string;
  /** Who signs ledger entries, as its tokens say; null: GitHub Actions of that GitHub. */
  oidcIssuer: string | null;
  host: string;
  port: number;
  logLevel: z.infer<typeof Environment>["LOG_LEVEL"];
  defaultStack: StackName | null;
  hmacSecret: string | null;
  metricsToken: string | null;
  paused: string | null;
  /** The operator's own SNS beside AWS's, such as LocalStack's. */
  snsEndpoint: URL | null;
  /** Where those are found that repositories want told. */
  notify: NotificationSecrets;
};

/** What the sidecar is told from outside, beside its flags. */
export type SidecarSettings = Pick<
  Settings,
  "logLevel" | "metricsToken" | "paused" | "snsEndpoint" | "notify"
>;

/** Names every setting that is missing or wrong, never a value. */
export class SettingsError extends Error {
  readonly code = "settings";
  constructor(problems: readonly string[]) {
    super(
      `It cannot start, since these settings are missing or wrong:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
    this.name = "SettingsError";
  }
}

/** Reads the settings from the environment. Throws `SettingsError`. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const given = givenIn(environment);
  const parsed = Environment.safeParse(given);
  const keyProblems = given.PRIVATE_KEY === undefined && given.PRIVATE_KEY_PATH === undefined ? [NO_KEY] : [];
  const notify = parseNotificationSecrets(given);
  if (!parsed.success || keyProblems.length > 0 || notify.problems.length > 0) {
    throw new SettingsError([...problemsOf(parsed.error, given), ...keyProblems, ...notify.problems]);
  }
  const env = parsed.data;
  const [owner, repo, alias] = env.PULUMISCALE_DEFAULT_STACK?.split("/") ?? [];
  return {
    appId: env.APP_ID,
    privateKey: privateKey(env.PRIVATE_KEY, env.PRIVATE_KEY_PATH),
    webhookSecret: env.WEBHOOK_SECRET,
    githubApiUrl: env.GITHUB_API_URL.replace(/(?<!\/)\/+$/, ""),
    host: env.HOST,
    port: env.PORT,
    defaultStack:
      owner === undefined || repo === undefined || alias === undefined ? null : stackName(owner, repo, alias),
    hmacSecret: env.PULUMISCALE_HMAC_SECRET ?? null,
    oidcIssuer: env.PULUMISCALE_OIDC_ISSUER ?? null,
    ...sidecarSettings(env, notify.secrets, "this app"),
  };
}

/** Reads the sidecar's settings from the environment. Throws `SettingsError`. */
export function readSidecarSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SidecarSettings {
  const given = givenIn(environment);
  const parsed = SidecarEnvironment.safeParse(given);
  const notify = parseNotificationSecrets(given);
  if (!parsed.success || notify.problems.length > 0)
    throw new SettingsError([...problemsOf(parsed.error, given), ...notify.problems]);
  return sidecarSettings(parsed.data, notify.secrets, "this sidecar");
}

/** The App's id and key alone, for who acts as the App; null where there is neither. Throws `SettingsError`. */
export function readAppKey(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Pick<Settings, "appId" | "privateKey"> | null {
  const given = givenIn(environment);
  if (given.APP_ID === undefined && given.PRIVATE_KEY === undefined && given.PRIVATE_KEY_PATH === undefined)
    return null;
  const parsed = Environment.pick({ APP_ID: true, PRIVATE_KEY: true, PRIVATE_KEY_PATH: true }).safeParse(
    given,
  );
  const hasKey = given.PRIVATE_KEY !== undefined || given.PRIVATE_KEY_PATH !== undefined;
  if (!parsed.success || !hasKey)
    throw new SettingsError([...problemsOf(parsed.error, given), ...(hasKey ? [] : [NO_KEY])]);
  const { APP_ID, PRIVATE_KEY, PRIVATE_KEY_PATH } = parsed.data;
  return { appId: APP_ID, privateKey: privateKey(PRIVATE_KEY, PRIVATE_KEY_PATH) };
}

/** What is set to nothing is not set. */
function givenIn(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
}

function problemsOf(error: z.ZodError | undefined, given: Record<string, unknown>): string[] {
  const issues = error?.issues ?? [];
  return issues.map((issue) => `${issue.path.map(String).join(".")}: ${sentence(issue, given)}`);
}

function sidecarSettings(
  env: z.infer<typeof SidecarEnvironment>,
  notify: NotificationSecrets,
  what: string,
): SidecarSettings {
  return {
    notify,
    logLevel: env.LOG_LEVEL,
    metricsToken: env.PULUMISCALE_METRICS_TOKEN ?? null,
    snsEndpoint: env.AWS_ENDPOINT_URL_SNS === undefined ? null : new URL(env.AWS_ENDPOINT_URL_SNS),
    paused: env.PULUMISCALE_PAUSED === "1" ? `PULUMISCALE_PAUSED=1 holds all scaling of ${what}` : null,
  };
}

/** The last name is LocalStack's own, which stands for this machine. */
function isSafe(url: URL | null): boolean {
  return url === null || url.protocol === "https:" || LOOPBACK.test(url.hostname);
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost\.localstack\.cloud)$/;

function sentence(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0]);
  return name in given || issue.code === "custom" ? issue.message : "is not set";
}

/** Hosting platforms often pass a key with `\n` written out. */
function privateKey(inline: string | undefined, path: string | undefined): string {
  const key = inline ?? readKeyFile(path ?? "");
  const pem = key.replaceAll("\\n", "\n").trim();
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----$/.test(pem)) {
    throw new SettingsError([
      `${inline === undefined ? "PRIVATE_KEY_PATH" : "PRIVATE_KEY"}: it is no PEM private key`,
    ]);
  }
  return `${pem}\n`;
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new SettingsError([`PRIVATE_KEY_PATH: the file cannot be read (${why})`]);
  }
}
