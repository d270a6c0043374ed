import { FORMS } from "../../kubernetes/read-flags.ts";

/** What `infra.scale --help` prints. */
export function renderUsage(): string {
  const rows = [
    ["--dry-run", "write the plan on this machine, and nothing else (unless --apply is given)"],
    ["--apply", "open a pull request with it: GH_OWNER, GH_REPO and GITHUB_TOKEN say where"],
    ["--offline", "ask no cluster, even where there is a kubeconfig"],
    ["--strict", "fail where a cluster tells of a risk"],
    ...Object.entries(MEANINGS).map(([name, meaning]) => [`${name}=${FORMS[name]}`, meaning]),
  ];
  const lines = rows.map(([argument, meaning]) => `  ${argument}\n      ${meaning}`);
  return `Usage: infra.scale [--dry-run | --apply] --workload=<Kind>:<name>:<replicas> […]
       infra.scale history [--json]

Plans how Kubernetes workloads are to be scaled. No cluster is changed. \`history\` shows the
plans of this folder's git repository, and what became of them.

${lines.join("\n")}

Exit codes: 0 done, 1 failed.
`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  "--target": "the environment; prod unless given",
  "--namespace": "the namespace; default unless given",
  "--autoscaling": "none: no autoscaler is planned; hpa unless given",
  "--branch": "the pull request's branch; infra/scale-<time> unless given",
  "--workload": "a workload and its replicas; may be given again",
  "--req": "what a workload's containers request; may be given again",
  "--lim": "what they are limited to; may be given again",
  "--hpa": "a HorizontalPodAutoscaler for every workload with replicas",
  "--vpa": "a VerticalPodAutoscaler for one workload; may be given again",
  "--context":
    "a context of the kubeconfig: its cluster fills in the plan and checks it; may be given again, and for one workload",
  "--prices": "a price table; ops/infra-scale/prices.yaml unless given, where there is one",
  "--kubeconfig": "the kubeconfig; KUBECONFIG or ~/.kube/config unless given",
};
