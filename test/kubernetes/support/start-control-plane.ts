import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";
import { z } from "zod";
import { type ClusterClient, openClusterClient, waitUntil } from "./cluster-client.ts";
import type { ClusterPrograms } from "./cluster-programs.ts";
import { type Context, writeKubeconfig } from "./write-kubeconfig.ts";

/** A context with every right there is, a client of the same rights, and a kubeconfig for the cluster's own programs. */
export type ControlPlane = { admin: Context; client: ClusterClient; kubeconfig: string };

/**
 * Starts etcd, the API server, the controllers and the scheduler with all they write below `folder`; resolves when the
 * API server is ready and the controllers have done their first work.
 */
export async function startControlPlane(
  programs: ClusterPrograms,
  folder: string,
  choosePort: () => Promise<number>,
): Promise<ControlPlane> {
  const token = randomBytes(24).toString("hex");
  const certificate = join(folder, "server.crt");
  await writeSecrets(folder, token);
  programs.start("etcd", etcdFlags(folder));
  const port = await startApiServer(programs, folder, choosePort);
  const client = openClusterClient({ port, certificate, token });
  await waitForApi(programs, client);
  const server = `https://127.0.0.1:${port}`;
  const admin = { name: "admin", server, certificate, token, namespace: "default" };
  const kubeconfig = join(folder, "internal.kubeconfig");
  writeKubeconfig(kubeconfig, [admin]);
  const common = ["--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0"];
  // A kubelet that is held for a while is no lost node.
  programs.start("kube-controller-manager", [...common, "--node-monitor-grace-period=30m"]);
  programs.start("kube-scheduler", common);
  await client.waitFor({ apiVersion: "v1", kind: "ServiceAccount", name: "default" }, z.unknown());
  return { admin, client, kubeconfig };
}

/** One key pair: for the server's certificate, which is its own authority, and for the tokens of service accounts. */
async function writeSecrets(folder: string, token: string): Promise<void> {
  const pair = await generate([{ name: "commonName", value: "PulumiScale test cluster" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const files = {
    "server.crt": pair.cert,
    "server.key": pair.private,
    "server.pub": pair.public,
    "tokens.csv": `${token},admin,admin,system:masters\n`,
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), content, { mode: 0o600 });
}

/** Sockets instead of ports, which somebody else could take: files in the folder in which all of it runs. */
const clients = "unix://clients:1";
const peers = "unix://peers:1";

function etcdFlags(folder: string): string[] {
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    "--unsafe-no-fsync",
  ];
}

function apiServerFlags(folder: string, port: number): string[] {
  const at = (name: string) => join(folder, name);
  return [
    `--etcd-servers=${clients}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${at("server.crt")}`,
    `--tls-private-key-file=${at("server.key")}`,
    `--token-auth-file=${at("tokens.csv")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${at("server.key")}`,
    `--service-account-key-file=${at("server.pub")}`,
    "--authorization-mode=RBAC",
    // Pods need no token of their own: nothing runs in them.
    "--disable-admission-plugins=ServiceAccount",
    "--service-cluster-ip-range=10.0.0.0/24",
    // Its endpoint would be a loopback address, which the API refuses.
    "--endpoint-reconciler-type=none",
  ];
}

/** Answers the port on which it listens. A free one may be taken by somebody else before it is: then another one. */
async function startApiServer(
  programs: ClusterPrograms,
  folder: string,
  choosePort: () => Promise<number>,
): Promise<number> {
  const port = await choosePort();
  const server = programs.start("kube-apiserver", apiServerFlags(folder, port));
  try {
    await server.waitForLine(/Serving securely/);
    return port;
  } catch (error) {
    if (!server.lines.some((line) => line.includes("address already in use"))) throw error;
    await programs.giveUp(server);
    return startApiServer(programs, folder, choosePort);
  }
}

async function waitForApi(programs: ClusterPrograms, client: ClusterClient): Promise<void> {
  await waitUntil(async () => {
    programs.check();
    const { status, body } = await client.request("GET", "/readyz");
    return status === 200 ? { kind: "reached", state: undefined } : { kind: "not yet", seen: String(body) };
  });
}
