import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";

/** A context with its cluster and its user. */
export type Context = {
  name: string;
  server: string;
  /** The file of the certificate that the server shows. */
  certificate: string;
  token: string;
  namespace: string;
};

/** Writes a kubeconfig of these contexts, which may lead to several clusters; the first is the current one. */
export function writeKubeconfig(file: string, contexts: readonly Context[]): void {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": contexts[0]?.name ?? "",
    clusters: contexts.map(({ name, server, certificate }) => ({
      name,
      cluster: { server, "certificate-authority-data": readFileSync(certificate).toString("base64") },
    })),
    users: contexts.map(({ name, token }) => ({ name, user: { token } })),
    contexts: contexts.map(({ name, namespace }) => ({
      name,
      context: { cluster: name, user: name, namespace },
    })),
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
}
