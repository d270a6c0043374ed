import { z } from "zod";
import type { ApiAnswer, ApiRequest, CallApi } from "./call-api.ts";
import type { ApiKind, InNamespace } from "./cluster.ts";

/** Where the objects of a kind are: `deployments`, of a namespace each; `isScalable`: with a scale subresource. */
export type ApiResource = { base: string; plural: string; isNamespaced: boolean; isScalable: boolean };

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const Group = z.object({
  preferredVersion: z.object({ groupVersion: z.string() }),
  versions: z.array(z.object({ groupVersion: z.string() })),
});

/** What an API server serves. It is asked once for each group and version; a failure is not kept. */
export type ApiPaths = {
  /** Null where it serves no such kind. */
  find(kind: ApiKind): Promise<ApiResource | null>;
  /** The preferred `apiVersion` of a kind; null where there is none. */
  findVersion(kind: string, group: string): Promise<string | null>;
};

/** `accept` makes a body of an answer, and throws where it is a refusal. */
export function openApiPaths(
  call: CallApi,
  accept: <T>(answer: ApiAnswer, schema: z.ZodType<T>) => T,
): ApiPaths {
  const answers = new Map<string, Promise<ApiAnswer>>();
  const get = async <T>(path: string, schema: z.ZodType<T>) => {
    const request: ApiRequest = { method: "GET", path };
    const asked = answers.get(path) ?? call(request);
    answers.set(path, asked);
    try {
      const answer = await asked;
      return answer.status === 404 ? null : accept(answer, schema);
    } catch (error) {
      if (answers.get(path) === asked) answers.delete(path);
      throw error;
    }
  };
  const find: ApiPaths["find"] = async ({ apiVersion, kind }) => {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resources = (await get(base, ResourceList))?.resources ?? [];
    const found = resources.find((one) => one.kind === kind && !one.name.includes("/"));
    if (found === undefined) return null;
    const isScalable = resources.some(({ name }) => name === `${found.name}/scale`);
    return { base, plural: found.name, isNamespaced: found.namespaced, isScalable };
  };
  return {
    find,
    findVersion: async (kind, group) => {
      if (group === "") return (await find({ apiVersion: "v1", kind })) === null ? null : "v1";
      const served = await get(`/apis/${encodeURIComponent(group)}`, Group);
      if (served === null) return null;
      const versions = [served.preferredVersion, ...served.versions].map(({ groupVersion }) => groupVersion);
      for (const apiVersion of versions) if ((await find({ apiVersion, kind })) !== null) return apiVersion;
      return null;
    },
  };
}

/** The path of all objects of a kind. */
export function pathOfAll(
  { base, plural, isNamespaced }: ApiResource,
  where: InNamespace | "everywhere",
): string {
  const isNarrow = isNamespaced && where !== "everywhere";
  return `${base}${isNarrow ? `/namespaces/${encodeURIComponent(where.namespace)}` : ""}/${plural}`;
}
