/** How a plan is taken back, where nothing is known of what the cluster runs: the names are to be filled in. */
export const GENERAL_ROLLBACK_HINTS: readonly string[] = [
  "kubectl rollout undo deployment/<name> -n <namespace>",
  "kubectl apply -f previous-hpa.yaml",
];
