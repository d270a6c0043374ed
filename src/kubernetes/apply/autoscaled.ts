import type { Seen } from "./change.ts";

/** The manager by which the controller of HorizontalPodAutoscalers sets replicas. */
const AUTOSCALER = "kube-controller-manager";

/** Whether a controller of autoscalers has set replicas, whatever has become of its autoscaler. */
export function isSetByAutoscaler({ state, owners }: Pick<Seen, "state" | "owners">): boolean {
  return state.kind === "replicas" && owners.includes(AUTOSCALER);
}
