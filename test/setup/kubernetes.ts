import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { progress } from "./cache.mjs";
import { cachedFolder, makeCachedFolder } from "./cached-folder.ts";
import { requireGo, runGo } from "./go-build.ts";

/** The control plane, and kwok, which plays the nodes and the pods on them. */
export const kubernetesPrograms = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
] as const;

const kubernetesVersion = "1.36.0";
const version = "k8s.io/component-base/version";
const [major, minor] = kubernetesVersion.split(".");
const ldflags = `-s -w -X ${version}.gitVersion=v${kubernetesVersion} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`;
const packages: Record<(typeof kubernetesPrograms)[number], string> = {
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
  "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
  kwok: "sigs.k8s.io/kwok/cmd/kwok",
};
/** What kwok's nodes and pods do: they get ready at once. */
const stages = ["node", "pod"];
/** One module for all of them, so that what they share is compiled once. */
const moduleFolder = fileURLToPath(new URL("kubernetes", import.meta.url));

/** The folder of a real Kubernetes control plane, which is built when it is not in the cache. */
export async function ensureKubernetes(): Promise<string> {
  const folder = await makeCachedFolder("kubernetes", recipeVersion(), async (folder) => {
    requireGo("a Kubernetes control plane");
    const bin = path.join(folder, "bin");
    mkdirSync(bin);
    for (const program of kubernetesPrograms) {
      progress(`building ${program} from its Go module; the five of them take five to ten minutes, once`);
      const output = path.join(bin, program);
      await runGo(["build", "-mod=readonly", "-o", output, "-ldflags", ldflags, packages[program]], {
        cwd: moduleFolder,
      });
    }
    await copyStages(path.join(folder, "stages"));
  });
  return path.join(folder, "bin");
}

/** The folder of the control plane that an earlier set-up has cached. */
export function cachedKubernetes(): string | undefined {
  const folder = cachedFolder("kubernetes", recipeVersion());
  return existsSync(folder) ? path.join(folder, "bin") : undefined;
}

/** `node-initialize.yaml` and so on, which kwok's program does not hold. */
async function copyStages(target: string): Promise<void> {
  const list = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"];
  mkdirSync(target);
  const kwok = (await runGo(list, { cwd: moduleFolder, stdout: "return" })).trim();
  for (const stage of stages) {
    const source = path.join(kwok, "kustomize", "stage", stage, "fast");
    for (const file of readdirSync(source).filter((file) => file.startsWith(`${stage}-`)))
      copyFileSync(path.join(source, file), path.join(target, file));
  }
}

/** Names the recipe too: another recipe is another folder. */
function recipeVersion(): string {
  const recipe = createHash("sha256").update(JSON.stringify([packages, ldflags, stages]));
  recipe.update(readFileSync(path.join(moduleFolder, "go.mod")));
  return `${kubernetesVersion}-go-${recipe.digest("hex").slice(0, 8)}`;
}
