import { z } from "zod";
import { type ApiPaths, type ApiResource, openApiPaths, pathOfAll } from "./api-paths.ts";
import { type CallApi, openApi } from "./call-api.ts";
import type { ApiKind, Cluster, InNamespace, Reference, Scale } from "./cluster.ts";
import { ClusterError } from "./cluster-error.ts";
import { FIELD_MANAGER } from "./field-manager.ts";
import { type Attempt, accept } from "./judge-answer.ts";
import { readKubeConfig } from "./kube-config.ts";
import { quoteText } from "./quote-text.ts";

/**
 * Opens the cluster of a context of a kubeconfig, which may be of several files, as kubectl reads KUBECONFIG. Nothing is asked of it
 * yet. Throws `ClusterError` where the kubeconfig does not lead to it.
 */
export async function openCluster(
  files: readonly string[],
  context: string,
  { timeoutMs = TIMEOUT_MS } = {},
): Promise<Cluster> {
  const config = await readKubeConfig(files, context);
  const call = openApi(config, timeoutMs);
  const paths = openApiPaths(call, (answer, schema) => accept(answer, schema, { context, verb: "get" }));
  return { context, findVersion: paths.findVersion, ...openObjects(context, call, paths) };
}

const TIMEOUT_MS = 20_000;
/** Objects of one answer of a list. */
const PAGE = 500;

const Page = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
});

const ScaleAnswer = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.int().min(0).default(0) }).default({ replicas: 0 }),
  status: z
    .object({ replicas: z.int().min(0).default(0), selector: z.string().optional() })
    .default({ replicas: 0 }),
});

function openObjects(
  context: string,
  call: CallApi,
  paths: ApiPaths,
): Omit<Cluster, "context" | "findVersion"> {
  const attempt = (verb: string, resource: ApiResource, { kind, namespace, name }: Reference): Attempt => ({
    context,
    verb,
    resource: groupedName(resource),
    ...(resource.isNamespaced ? { namespace } : {}),
    subject: `${kind}/${name}`,
  });
  const need = async (reference: Reference) => {
    const resource = await paths.find(reference);
    if (resource !== null) return resource;
    const kind = `${reference.kind} of ${reference.apiVersion}`;
    throw new ClusterError(
      "absent",
      `The cluster of the context ${quoteText(context, 100)} has no kind ${kind}.`,
    );
  };
  return {
    read: async (reference, schema) => {
      const resource = await paths.find(reference);
      if (resource === null) return null;
      const answer = await call({ method: "GET", path: pathOf(resource, reference) });
      return answer.status === 404 ? null : accept(answer, schema, attempt("get", resource, reference));
    },
    list: async (kind, where, schema) => {
      const resource = await paths.find(kind);
      return resource === null ? null : await listAll(call, context, resource, kind, where, schema);
    },
    apply: async (manifest, { mode, onConflict }, schema) => {
      const { apiVersion, kind, metadata } = manifest;
      const reference = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
      const resource = await need(reference);
      const query = {
        fieldManager: FIELD_MANAGER,
        force: String(onConflict === "take-over"),
        ...dryRun(mode),
      };
      const answer = await call({
        method: "PATCH",
        path: `${pathOf(resource, reference)}?${new URLSearchParams(query)}`,
        body: { type: "application/apply-patch+yaml", content: manifest },
      });
      return accept(answer, schema, attempt("patch", resource, reference));
    },
    readScale: async (reference) => {
      const resource = await paths.find(reference);
      if (resource === null || !resource.isScalable) return null;
      const answer = await call({ method: "GET", path: `${pathOf(resource, reference)}/scale` });
      const asked = scaleOf(attempt("get", resource, reference));
      return answer.status === 404 ? null : toScale(accept(answer, ScaleAnswer, asked));
    },
    scale: async (reference, { replicas, resourceVersion }, mode) => {
      const resource = await need(reference);
      const query = new URLSearchParams({ fieldManager: FIELD_MANAGER, ...dryRun(mode) });
      const answer = await call({
        method: "PATCH",
        path: `${pathOf(resource, reference)}/scale?${query}`,
        body: {
          type: "application/merge-patch+json",
          content: { ...(resourceVersion && { metadata: { resourceVersion } }), spec: { replicas } },
        },
      });
      return toScale(accept(answer, ScaleAnswer, scaleOf(attempt("patch", resource, reference))));
    },
    remove: async (reference, { uid, resourceVersion }, mode) => {
      const resource = await need(reference);
      // Where a DELETE has a body, its query counts for nothing.
      const content = {
        ...{ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid, resourceVersion } },
        ...(mode === "dry-run" && { dryRun: ["All"] }),
      };
      const body = { type: "application/json", content };
      const answer = await call({ method: "DELETE", path: pathOf(resource, reference), body });
      if (answer.status === 404) return "absent";
      accept(answer, z.unknown(), attempt("delete", resource, reference));
      return "removed";
    },
  };
}

/** A list that has grown too old between two pages begins again, once. */
async function listAll<T>(
  call: CallApi,
  context: string,
  resource: ApiResource,
  { kind }: ApiKind,
  where: InNamespace | "everywhere",
  schema: z.ZodType<T>,
): Promise<T[]> {
  const asked: Attempt = {
    context,
    verb: "list",
    resource: groupedName(resource),
    ...(resource.isNamespaced && where !== "everywhere" ? where : {}),
  };
  const items: T[] = [];
  let restarts = 0;
  for (let token: string | undefined = ""; token !== undefined; ) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(token === "" ? {} : { continue: token }) });
    const answer = await call({ method: "GET", path: `${pathOfAll(resource, where)}?${query}` });
    if (answer.status === 410 && restarts++ === 0) {
      items.length = 0;
      token = "";
      continue;
    }
    const page: z.infer<typeof Page> = accept(answer, Page, asked);
    for (const item of page.items ?? [])
      items.push(accept({ status: 200, body: item }, schema, { ...asked, subject: kind }));
    token = page.metadata.continue || undefined;
  }
  return items;
}

function pathOf(resource: ApiResource, { namespace, name }: Reference): string {
  return `${pathOfAll(resource, { namespace })}/${encodeURIComponent(name)}`;
}

/** `deployments.apps`, as rights are named. */
function groupedName({ base, plural }: ApiResource): string {
  const [, root, group] = base.split("/");
  return root === "apis" ? `${plural}.${group}` : plural;
}

function scaleOf(attempt: Attempt): Attempt {
  return { ...attempt, resource: `${attempt.resource}/scale` };
}

function dryRun(mode: "dry-run" | "commit"): Record<string, string> {
  return mode === "dry-run" ? { dryRun: "All" } : {};
}

function toScale({ metadata, spec, status }: z.infer<typeof ScaleAnswer>): Scale {
  const { resourceVersion } = metadata;
  return {
    replicas: spec.replicas,
    running: status.replicas,
    selector: status.selector ?? null,
    resourceVersion,
  };
}
