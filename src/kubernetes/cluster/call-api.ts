import { request as requestHttp } from "node:http";
import { type RequestOptions, request as requestHttps } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ClusterError } from "./cluster-error.ts";
import { quoteText } from "./quote-text.ts";

/** A request to an API server. `path` has its query. */
export type ApiRequest = {
  method: "GET" | "PATCH" | "DELETE";
  path: string;
  body?: { type: string; content: unknown };
};

/** Every status is an answer; `body` is what its JSON says, or its text. */
export type ApiAnswer = { status: number; body: unknown };

export type CallApi = (request: ApiRequest) => Promise<ApiAnswer>;

/** Requests with the rights of a kubeconfig's current context. They throw `ClusterError` where no answer comes in `timeoutMs`. */
export function openApi(config: KubeConfig, timeoutMs: number): CallApi {
  const context = quoteText(config.getCurrentContext(), 100);
  const server = config.getCurrentCluster()?.server ?? "";
  return async (request) => {
    const options = await authorize(config, context, timeoutMs);
    const secrets = secretsOf(options);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const { status, text } = await send(`${server}${request.path}`, request, { ...options, signal });
      return { status, body: parseBody(hide(text, secrets)) };
    } catch (error) {
      if (error instanceof ClusterError) throw error;
      if (signal.aborted) {
        const seconds = timeoutMs / 1000;
        throw new ClusterError(
          "timeout",
          `The cluster of the context ${context} has not answered in ${seconds} s; is it there, and is there a way to it?`,
        );
      }
      const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
      throw new ClusterError(
        "unreachable",
        `The cluster of the context ${context} cannot be reached at ${hostOf(server)}${why}.`,
      );
    }
  };
}

/** Who asks, and whom is trusted. A kubeconfig may name a program that gets the token. */
async function authorize(config: KubeConfig, context: string, timeoutMs: number): Promise<RequestOptions> {
  const options: RequestOptions = {};
  const applied = config.applyToHTTPSOptions(options).then(() => "applied" as const);
  const late = AbortSignal.timeout(timeoutMs);
  const expired = new Promise<"late">((resolve) => late.addEventListener("abort", () => resolve("late")));
  const outcome = await Promise.race([applied, expired]).catch(() => "failed" as const);
  if (outcome === "applied") return options;
  // What failed may have printed what it knows.
  throw new ClusterError(
    "kubeconfig",
    `The kubeconfig's way to sign in for the context ${context} ${outcome === "late" ? "takes too long" : "does not work"}: its certificate files, its program or its proxy.`,
  );
}

function send(
  url: string,
  { method, body }: ApiRequest,
  options: RequestOptions,
): Promise<{ status: number; text: string }> {
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body.content));
  const headers = {
    ...options.headers,
    accept: "application/json",
    // Node gives no length to the body of a DELETE, which then counts for none.
    ...(body && { "content-type": body.type, "content-length": content?.length }),
  };
  const start = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = start(url, { ...options, method, headers }, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on("data", (part: Buffer) => {
        length += part.length;
        if (length <= LONGEST_ANSWER) parts.push(part);
        else
          sent.destroy(new ClusterError("unexpected", "The cluster's answer is longer than any should be."));
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") });
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(content);
  });
}

const LONGEST_ANSWER = 64 * 1024 * 1024;

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an answer must not bring back to light. */
function secretsOf({ headers, auth }: RequestOptions): string[] {
  const header = new Headers(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
  const token = header.get("authorization")?.replace(/^\S+ /, "") ?? "";
  return [token, auth ?? "", (auth ?? "").slice((auth ?? "").indexOf(":") + 1)].filter(
    ({ length }) => length > 3,
  );
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}

/** A kubeconfig's address may carry a password. */
function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).host : "its address";
}
