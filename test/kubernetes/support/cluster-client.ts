import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** What a Kubernetes API wants to know of an object. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
};

/** Names one object; without `namespace`, one of `default` or one that has none. */
export type Reference = { apiVersion: string; kind: string; name: string; namespace?: string };

export type Answer = { status: number; body: unknown };

/** As little of a client as the tests need to prepare a cluster and to look at it; never what is tested. */
export type ClusterClient = {
  /** One request; every status is an answer. `body` is sent as JSON, under `contentType`. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** Server-side apply, as the manager "tests", by force. Answers the object; throws the API's sentence when refused. */
  apply(manifest: Manifest): Promise<unknown>;
  /** The object; throws the API's sentence when it is not there. */
  get(reference: Reference): Promise<unknown>;
  /** Resolves with the object once the schema accepts it: a state is a schema. */
  waitFor<T>(reference: Reference, schema: z.ZodType<T>): Promise<T>;
  remove(reference: Reference): Promise<void>;
  /** `/apis/apps/v1/namespaces/default/deployments/web`, to which a subresource may be added. */
  pathOf(reference: Reference): Promise<string>;
  close(): void;
};

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const Refusal = z.object({ message: z.string() });

/** A client of the API server on `port` of this machine. */
export function openClusterClient(access: {
  port: number;
  certificate: string;
  token: string;
}): ClusterClient {
  const ca = readFileSync(access.certificate);
  const agent = new Agent({ keepAlive: true, ca });
  const call: ClusterClient["request"] = (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${access.token}`, "content-type": contentType };
      const sent = request(
        { host: "127.0.0.1", port: access.port, method, path, headers, agent },
        (response) =>
          text(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, body: parse(body) }),
            reject,
          ),
      );
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const pathOf = async ({ apiVersion, kind, name, namespace = "default" }: Reference) => {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = Resources.parse(accepted(await call("GET", base)));
    const resource = resources.find((one) => one.kind === kind && !one.name.includes("/"));
    if (resource === undefined) throw new Error(`the API server has no ${kind} in ${apiVersion}`);
    return `${base}${resource.namespaced ? `/namespaces/${namespace}` : ""}/${resource.name}/${name}`;
  };
  const get = async (reference: Reference) => accepted(await call("GET", await pathOf(reference)));
  return {
    request: call,
    pathOf,
    get,
    apply: async ({ apiVersion, kind, metadata, ...rest }) => {
      const path = await pathOf({ apiVersion, kind, ...metadata });
      const manifest = { apiVersion, kind, metadata, ...rest };
      const query = "?fieldManager=tests&force=true";
      return accepted(await call("PATCH", `${path}${query}`, manifest, "application/apply-patch+yaml"));
    },
    waitFor: async (reference, schema) => {
      const path = await pathOf(reference);
      return await waitUntil(async () => {
        const { body } = await call("GET", path);
        const state = schema.safeParse(body);
        return state.success
          ? { kind: "reached", state: state.data }
          : { kind: "not yet", seen: JSON.stringify(body) };
      });
    },
    remove: async (reference) => {
      accepted(await call("DELETE", await pathOf(reference)));
    },
    close: () => agent.destroy(),
  };
}

export type Look<T> = { kind: "reached"; state: T } | { kind: "not yet"; seen: string };

/** Looks again and again until the state is reached; after 25 s, before a test is given up, it tells what it saw last. */
export async function waitUntil<T>(look: () => Promise<Look<T>>): Promise<T> {
  const deadline = performance.now() + 25_000;
  for (;;) {
    const looked = await look();
    if (looked.kind === "reached") return looked.state;
    if (performance.now() > deadline) throw new Error(`not reached; last seen: ${looked.seen}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The body of an answer that is no refusal. */
function accepted({ status, body }: Answer): unknown {
  if (status < 400) return body;
  const refusal = Refusal.safeParse(body);
  throw new Error(`HTTP ${status}: ${refusal.success ? refusal.data.message : JSON.stringify(body)}`);
}

/** Most answers are JSON; `/readyz` says "ok". */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
