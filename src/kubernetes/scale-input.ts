/** What somebody asks for: a target environment, and what its workloads are to become. */
export type ScaleInput = {
  /** The environment's name: `prod`, `staging`, `ci`. */
  target: string;
  namespace: string;
  autoscaling: Autoscaling;
  workloads: readonly Workload[];
  /** Of the kubeconfig: the clusters of every workload that names none of its own. Empty: the current one. */
  contexts: readonly string[];
};

export type Autoscaling = "hpa" | "none";

/** A workload, by kind and name; whatever is not given stays as it is. No two of an input have one name. */
export type Workload = {
  kind: string;
  /** Of a custom resource: `argoproj.io`. */
  apiGroup?: string;
  name: string;
  replicas?: number;
  /** Of a CronJob. */
  schedule?: { suspend?: boolean; parallelism?: number };
  requests?: Resources;
  limits?: Resources;
  hpa?: Hpa;
  vpa?: Vpa;
  /** Its clusters, in place of those of all. */
  contexts?: readonly string[];
};

/** Kubernetes quantities, as they were written. */
export type Resources = { cpu?: string; mem?: string };

/** `targetCPU` is a percentage of what the pods request. */
export type Hpa = { min: number; max: number; targetCPU: number };

export const VPA_MODES = ["Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto"] as const;

/** A VerticalPodAutoscaler: how it acts, and between what. */
export type Vpa = { mode: (typeof VPA_MODES)[number]; min?: Resources; max?: Resources };

/** Stands in a plan for the number of replicas that run when it is applied. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: so it stands in the file.
export const DETECT = "${detect}";
