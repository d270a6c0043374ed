import { randomBytes } from "node:crypto";
import { appManifest, GITHUB_WEBHOOKS_PATH } from "../forge/app-manifest.ts";
import { addressesOfApi, addressesOfServer, type GitHubAddresses } from "../forge/github-addresses.ts";
import { type CreatedApp, exchangeManifestCode } from "../forge/github-app-manifest.ts";
import { openManifestFlow } from "./app-create-server.ts";
import { checkCredentialsFile, formatCredentials, writeCredentialsFile } from "./app-credentials-file.ts";
import { UsageError } from "./usage-error.ts";

export type AppCreateFlags = {
  /** The organization that is to own the App; the person who confirms it unless given. */
  org?: string;
  /** Where the App will be reached. */
  url?: string;
  /** GitHub as people look at it; that of GITHUB_API_URL unless given. */
  github?: string;
  name?: string;
  out?: string;
  force?: boolean;
  /** False: that GitHub knows no merge queue. */
  mergeQueue?: boolean;
};

/** GitHub keeps a code for an hour; nobody reads a page for so long. */
const WAIT_MS = 15 * 60_000;

/**
 * `pulumiscale app create`: registers the GitHub App through a page on this machine, and writes its credentials into a file that nobody
 * else may read. They are printed nowhere.
 */
export async function runAppCreate(
  flags: AppCreateFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  waitMs = WAIT_MS,
): Promise<number> {
  const organization = flags.org === undefined ? null : parseOrganization(flags.org);
  const publicUrl = flags.url === undefined ? null : parsePlainUrl("--url", flags.url);
  const github = addressesOf(flags, environment);
  const out = flags.out ?? ".env";
  const overwriting = flags.force ? "forced" : "refused";
  await checkCredentialsFile(out, overwriting);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const name = flags.name ?? (organization === null ? "PulumiScale" : `PulumiScale ${organization}`);
  const flow = await openManifestFlow({
    serverUrl: github.serverUrl,
    organization,
    manifestFor: (redirectUrl) =>
      appManifest({
        name,
        publicUrl,
        redirectUrl,
        mergeQueue: flags.mergeQueue === false ? "none" : "asked",
      }),
    waitMs,
    signal: interrupt.signal,
  });
  try {
    console.log(`Open this in a browser on this machine, and confirm the App there:\n\n  ${flow.startUrl}\n`);
    const created = await exchangeManifestCode(github.apiUrl, await flow.code);
    // Without a webhook there is no secret yet: whoever sets one up takes this.
    const webhookSecret = created.webhookSecret ?? randomBytes(32).toString("hex");
    const credentials = formatCredentials({ ...created, webhookSecret }, github.apiUrl);
    await writeCredentialsFile(out, credentials, overwriting);
    console.log(renderNextSteps(created, out, publicUrl));
    return 0;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await flow.close();
  }
}

function renderNextSteps({ htmlUrl, slug }: CreatedApp, out: string, publicUrl: string | null): string {
  const file = /^[\w./-]+$/.test(out) ? out : `'${out.replaceAll("'", "'\\''")}'`;
  const path = file.includes("/") ? file : `./${file}`;
  const webhook =
    publicUrl === null
      ? [
          `Once you know where it will be reached, give it the webhook https://<host>${GITHUB_WEBHOOKS_PATH}, with the WEBHOOK_SECRET of that file, and tick Active:`,
          `   ${htmlUrl}`,
        ]
      : null;
  const steps = [
    [
      `Run it${publicUrl === null ? "" : ` at ${publicUrl}`}:`,
      `   set -a; . ${path}; set +a; pulumiscale app`,
    ],
    ...(webhook === null ? [] : [webhook]),
    ["Install it on the repository with the Pulumi program:", `   ${htmlUrl}/installations/new`],
    [
      "It opens a pull request there that says what is still missing. When that is merged:",
      "   GITHUB_TOKEN=$(gh auth token) pulumiscale doctor <owner>/<repository>",
    ],
  ];
  const lines = steps.flatMap(([first = "", ...rest], index) => [`${index + 1}. ${first}`, ...rest]);
  return [
    `The App ${slug} is there. Its credentials are in ${out}, for nobody else to read; keep that file out of git.`,
    "",
    ...lines,
  ].join("\n");
}

function addressesOf(
  flags: AppCreateFlags,
  environment: Readonly<Record<string, string | undefined>>,
): GitHubAddresses {
  if (flags.github !== undefined) return addressesOfServer(parsePlainUrl("--github", flags.github));
  const apiUrl = environment.GITHUB_API_URL || "https://api.github.com";
  return addressesOfApi(parsePlainUrl("GITHUB_API_URL", apiUrl));
}

/** What GitHub takes as the name of an account. */
function parseOrganization(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(text)) return text;
  throw new UsageError("--org is no name of an organization on GitHub.");
}

/** The credentials go there: nobody on the way may read them. */
function parsePlainUrl(name: string, text: string): string {
  const url = URL.parse(text);
  const isLocal = url !== null && /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(url.hostname);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLocal);
  if (url === null || !isSafe || url.search + url.hash + url.username + url.password !== "")
    throw new UsageError(
      `${name} is no address such as https://scale.example.com: https (http on this machine alone), a host, perhaps a path, and nothing else.`,
    );
  return `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, "");
}
