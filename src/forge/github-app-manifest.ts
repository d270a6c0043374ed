import { Octokit } from "@octokit/rest";
import { z } from "zod";
import { ForgeError } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";

/** A person waits for it. */
const CALL_TIMEOUT_MS = 30_000;

const Created = z.object({
  id: z.int().positive(),
  slug: z.string().min(1),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string().includes("PRIVATE KEY"),
  webhook_secret: z.string().min(1).nullable(),
});

/** A new App with its credentials: the key and the secret are never asked for again. */
export type CreatedApp = {
  appId: number;
  slug: string;
  /** Its page for people. */
  htmlUrl: string;
  privateKey: string;
  /** Null where GitHub made none, as for an App whose webhook is not active. */
  webhookSecret: string | null;
};

/**
 * Gives GitHub's code, which is good once and for an hour, for the App that it stands for. Needs no token. Throws `ForgeError`, with
 * nothing in it of the code or the credentials.
 */
export async function exchangeManifestCode(apiUrl: string, code: string): Promise<CreatedApp> {
  const silent = () => {};
  const octokit = new Octokit({
    baseUrl: apiUrl,
    userAgent: "pulumiscale",
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) },
  });
  try {
    const { data } = await octokit.request("POST /app-manifests/{code}/conversions", { code });
    const { id, slug, html_url, pem, webhook_secret } = Created.parse(data);
    return { appId: id, slug, htmlUrl: html_url, privateKey: pem, webhookSecret: webhook_secret };
  } catch (error) {
    // What was thrown has the address in it, and with it the code; or the credentials.
    throw new ForgeError(toForgeError(error, "").code, whyNot(error));
  }
}

function whyNot(error: unknown): string {
  const { code } = toForgeError(error, "");
  const why =
    error instanceof z.ZodError
      ? "its answer was not as expected"
      : code === "not-found"
        ? "it does not know the code, which is good once and for an hour"
        : code === "unavailable"
          ? "it could not be reached, or did not answer in time"
          : "it refused";
  return `GitHub did not hand out the new App's credentials: ${why}. Delete the App in your settings on GitHub, under Developer settings, and start again.`;
}
