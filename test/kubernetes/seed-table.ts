/** What was asked of `infra.scale`, sentence by sentence, and the test that shows it: a file under `test`, and the beginning of a title. */
export type SeedRow = readonly [asked: string, file: string, title: string];

const cli = "cli/infra-scale.test.ts";
const apply = "cli/infra-scale-apply.test.ts";
const examples = "cli/infra-scale-examples.test.ts";
const args = "kubernetes/plan-arguments.test.ts";
const texts = "kubernetes/plan-texts.test.ts";
const schema = "kubernetes/scale-plan-schema.test.ts";
const quantity = "kubernetes/quantity.test.ts";
const forge = "forge/github-plan-pull.test.ts";
const docs = "docs/infra-scale.test.ts";
const files = "cli/infra-scale-artifacts.test.ts";
const detect = "kubernetes/detect.test.ts";
const findings = "kubernetes/detect-findings.test.ts";
const applying = "kubernetes/apply-plan.test.ts";
const kinds = "kubernetes/apply-plan-kinds.test.ts";
const stale = "kubernetes/apply-plan-refused.test.ts";
const approval = "plan-pulls.test.ts";
const told = "notifications-plans.test.ts";
const story = "e2e/plan-to-applied.test.ts";

const planFile = "is written as the seed's plan.yaml is";
const summary = "is summed up as the seed's SUMMARY.md is";
const proposed = "is proposed in the seed's words";
const defaults = "stand for what the seed says unless given";
const whole = "make up the whole input, in any order";
const opens = "opens one draft pull request with the plan's two files, labelled";
const anew = "makes the open pull request of a named branch anew";
const writes = "writes plan.yaml and SUMMARY.md into a folder of their time";
const fails = "fails with a sentence, a last line `failed` and exit code 1";
const noCredentials = "asks GitHub for nothing without credentials";
const risks = "has a risk from 11 replicas on";
const nightly = "the nightly orchestrator reads how its task has ended";
const mistakes = "a mistake names the argument, and what is expected";
const noContext = "is null where there is none, or none that can be read";
const warned = "is told so: room, quota";
const tried = "is tried there, and nothing of it stays";
const applied = "a merged plan is applied once";
const rolledBack = "a rollout that fails is rolled back to what stood before";

export const SEED: readonly SeedRow[] = [
  // Architecture
  ["K8s Planner: stateless plan generation, no cluster mutations", texts, planFile],
  ["K8s Planner: risk detection and rollback hints", texts, planFile],
  ["CLI: argument parsing and validation", args, mistakes],
  ["CLI: artifact generation (YAML + Markdown)", cli, writes],
  ["CLI: GitHub PR integration", apply, opens],
  ["CLI: contract-compliant output", cli, writes],
  ["Data flow: artifacts are written in both modes", apply, opens],
  // Input schema
  ["target, namespace, autoscaling, workloads with kind, name, replicas, requests, limits, hpa", args, whole],
  ["replicas, requests, limits and hpa are optional", texts, "updates resources as the seed's action does"],
  // Flags
  ["--dry-run: generate artifacts locally (default mode)", cli, "is what it does unless told otherwise"],
  ["--apply: open GitHub PR with plan files", apply, opens],
  ['--target=<env> (default: "prod")', args, defaults],
  ['--namespace=<ns> (default: "default")', args, defaults],
  ['--autoscaling=<mode>: "hpa" or "none" (default: "hpa")', args, defaults],
  ["--branch=<name> (default: infra/scale-{timestamp})", apply, opens],
  ["--branch=<name>: custom branch name", apply, anew],
  // Workload arguments
  ["--workload=kind:name:replicas", args, defaults],
  ["--req=workloadName:key=value,key=value", args, whole],
  ["--lim=workloadName:key=value,key=value", args, whole],
  ["--hpa=min:X,max:Y,cpu:Z", args, whole],
  [
    "--hpa applies to all workloads with replicas",
    args,
    "give the autoscaler to all workloads with replicas",
  ],
  ["quantities are real Kubernetes quantities", quantity, "reads %s as Kubernetes does"],
  // Examples
  ["example 1", examples, "example 1: simple replica scaling"],
  ["example 2", examples, "example 2: full configuration with an HPA"],
  ["example 3", examples, "example 3: multiple workloads"],
  ["example 4", examples, "example 4: open a GitHub pull request"],
  // Actions
  ["scale_workload: when --workload=Kind:name:replicas is specified", texts, planFile],
  [
    "update_resources: when --req or --lim are specified",
    texts,
    "updates resources as the seed's action does",
  ],
  ["apply_hpa: when --hpa is specified and --autoscaling=hpa", texts, planFile],
  ["apply_hpa: not with --autoscaling=none", texts, "plans no autoscaler with --autoscaling=none"],
  // Risks
  ["high replica count: replicas > 10", texts, risks],
  ["high replica count: its message", texts, risks],
  ["HPA max mismatch: requested replicas > HPA max", texts, risks],
  ["HPA max mismatch: its message", texts, risks],
  // Artifacts
  [".artifacts/infra-scale/2025-01-XX-HH-MM-SS-SSSZ/plan.yaml and SUMMARY.md", cli, writes],
  ["plan.yaml structure", texts, planFile],
  ["plan.yaml: from stands for what is detected when it is applied", texts, planFile],
  ["plan.yaml through a real YAML library, valid against a JSON Schema", schema, "is valid by the schema"],
  ["SUMMARY.md format", texts, summary],
  // GitHub
  ["GH_OWNER, GH_REPO and GITHUB_TOKEN are needed", apply, noCredentials],
  ["branch creation: infra/scale-{timestamp}, or custom", apply, opens],
  ["files in ops/plans/infra-scale/{target}/: plan.yaml, SUMMARY.md", apply, opens],
  ['draft PR with title "infra.scale: {target} (YYYY-MM-DD)"', apply, opens],
  ["PR title format", texts, proposed],
  ["label needs-approval", apply, opens],
  ["reuse: an open PR of the branch is updated", apply, anew],
  ["PR body format, with the full SUMMARY.md embedded", texts, proposed],
  ["review checklist", texts, proposed],
  // Contract output
  ["dry run: artifacts_dir, plan_yaml, summary_md, succeeded", cli, writes],
  ["apply: outputs_uri of the pull request, awaiting_approval", apply, opens],
  ["apply without credentials: an empty outputs_uri, awaiting_approval", apply, noCredentials],
  ["error: details, failed, exit code 1", cli, fails],
  ["error: failed is the last line where both streams are one", examples, "reads the last line as its state"],
  // Testing
  ["test: dry-run artifact generation", cli, writes],
  ["test: workload parsing, single and multiple", examples, "example 3: multiple workloads"],
  ["test: resource specifications", args, whole],
  ["test: HPA configuration", args, whole],
  ["test: error handling", args, mistakes],
  ["test: metadata inclusion (target, namespace, context)", texts, planFile],
  // Orchestrator
  ["nightly orchestrator, the task as it stands there", examples, nightly],
  ["ENABLE_INFRA_SCALE: conditional execution", examples, nightly],
  // Rollback
  ["rollbackHints in the plan", texts, planFile],
  ["manual rollback", docs, "shows the way back by hand"],
  // Troubleshooting
  ['"No workloads specified": a missing --workload', cli, fails],
  ["empty outputs_uri: missing credentials", examples, "takes --apply beside the script's own"],
  ["kubectl not found: kubeContext is null", cli, noContext],
  ["context detection, with a kubeconfig", cli, "is the kubeconfig's current one, without kubectl"],
  ["wrong target: --target is taken as given", args, whole],
  // Security
  ["token permissions: what GitHub refuses is told, without the token", apply, "fails with GitHub's reason"],
  [".artifacts is gitignored", cli, "keeps what it writes out of git"],
  ["approval gating: needs-approval on draft PRs", apply, opens],
  ["approval gating: also where there are no drafts", forge, "opens one that is no draft"],
  // Performance
  ["dry run: less than three bare starts of Node", "bench/bench.test.ts", "times a dry run of infra.scale"],
  ["apply mode: as many calls of GitHub as take seconds", apply, "asks GitHub as little for many workloads"],
  ["plan.yaml of 5 KB, SUMMARY.md of 10 KB", files, "are as small as they are said to be"],
  // Limitations that are gone
  ["a plan mutates no cluster", findings, tried],
  ["application is part of the product", applying, applied],
  ["risks are more than static", findings, warned],
  ["full YAML: no name is read as anything but text", schema, "has each name as text"],
  [
    "runs at the same time on one branch do not conflict",
    apply,
    "has no clash where runs on one branch meet",
  ],
  ["runs at the same time without --branch do not conflict", forge, "takes the next branch of its own"],
  ["nobody's work on a branch is lost", apply, "moves no branch that holds what somebody else"],
  ["GitHub Enterprise Server", apply, "works on an Enterprise Server"],
  // Phase 2
  ["cluster capacity validation", findings, warned],
  [
    "cluster capacity validation: nodes, against what the plan adds",
    "kubernetes/judge-capacity.test.ts",
    "tells what is needed, and what each node has",
  ],
  ["quota validation", findings, warned],
  ["dry run by the API server", findings, tried],
  ["DaemonSet, StatefulSet, CronJob; VPA: in the plan", args, "know more kinds"],
  ["DaemonSet, StatefulSet: applied", kinds, "a StatefulSet, a ReplicaSet and a DaemonSet are changed"],
  ["CronJob: applied", kinds, "a CronJob is suspended"],
  ["VPA: applied", kinds, "a VerticalPodAutoscaler is made and changed"],
  [
    "any scalable custom resource: applied",
    kinds,
    "a custom resource is scaled through its scale subresource",
  ],
  // Phase 3
  ["apply system", applying, applied],
  ["apply system: not of a cluster that has moved on", stale, "by the generation that it was made at"],
  [
    "approval webhook, by a review",
    approval,
    "waits as a draft, and merges once another person has approved it",
  ],
  ["approval webhook, by a command", approval, "merges once another person approves it by a command"],
  ["automated rollback on failure", applying, rolledBack],
  ["automated rollback: the hints have real names and values", detect, "has what runs: replicas, resources"],
  ["notifications for PR creation", told, "a plan's pull request is told of as opened and waiting"],
  ["notifications: Slack", "notify/slack.test.ts", "posts JSON to the address of the target's name"],
  ["notifications: email", "notify/email.test.ts", "begins a thread with the id of its subject"],
  [
    "all of it, from asked for to applied",
    story,
    "a plan is asked for, approved, merged, applied, kept and told of",
  ],
  // Phase 4; its web UI is not there.
  ["multi-cluster: a context for each workload", detect, "is of several, for all workloads or for one"],
  [
    "cost estimation",
    "cli/infra-scale-prices.test.ts",
    "has the cost in the plan, its summary and its pull request",
  ],
  [
    "historical plan tracking",
    "cli/infra-scale-history.test.ts",
    "shows the plans of the repository with their receipts",
  ],
];
