import path from "node:path";

/** The files of the kubeconfig as kubectl finds them: the one that is named, those of KUBECONFIG, or `~/.kube/config`. */
export function findKubeconfig(
  named: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  if (named !== null) return [named];
  const listed = (environment.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  const home = environment.HOME || environment.USERPROFILE || "";
  return listed.length > 0 || home === "" ? listed : [path.join(home, ".kube", "config")];
}
