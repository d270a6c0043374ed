import type { Plugin } from "esbuild";

const done = { "lean-kubernetes-client": true };

/**
 * The product takes of the Kubernetes client how it reads a kubeconfig and signs in; its requests go through node:https. What it does not
 * use of the client stays out of a bundle: the generated APIs with their thousands of models, and undici.
 */
export const leanKubernetesClient: Plugin = {
  name: "lean-kubernetes-client",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (
        pluginData === done ||
        !`${path} ${importer.replaceAll("\\", "/")}`.includes("@kubernetes/client-node")
      )
        return undefined;
      if (path === "undici") return { path, namespace: "without-undici" };
      const resolved = await resolve(path, { importer, kind, resolveDir, pluginData: done });
      return { ...resolved, sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: "without-undici" }, () => ({
      contents: "export const Agent = undefined, ProxyAgent = undefined, fetch = undefined;",
    }));
  },
};
