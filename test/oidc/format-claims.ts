/** One job of a workflow run, as GitHub knows it. */
export interface WorkflowRun {
  readonly owner: string;
  readonly ownerId: number;
  /** The repository's name, without its owner. */
  readonly name: string;
  readonly repositoryId: number;
  readonly visibility: "public" | "private";
  /** `refs/heads/…` */
  readonly ref: string;
  readonly sha: string;
  readonly event: string;
  readonly actor: string;
  readonly workflow: { readonly name: string; readonly path: string };
  readonly runId: number;
  readonly runNumber: number;
  readonly attempt: number;
}

/**
 * The claims of a token that GitHub makes for a job, those of the token itself left out.
 *
 * https://docs.github.com/actions/reference/security/oidc
 */
export function formatClaims(run: WorkflowRun): Record<string, string> {
  const { owner, name, ref, sha } = run;
  const repository = `${owner}/${name}`;
  const workflowRef = `${repository}/${run.workflow.path}@${ref}`;
  return {
    sub: `repo:${owner}@${run.ownerId}/${name}@${run.repositoryId}:ref:${ref}`,
    ref,
    sha,
    repository,
    repository_owner: owner,
    repository_owner_id: String(run.ownerId),
    run_id: String(run.runId),
    run_number: String(run.runNumber),
    run_attempt: String(run.attempt),
    repository_visibility: run.visibility,
    repository_id: String(run.repositoryId),
    actor_id: "1",
    actor: run.actor,
    workflow: run.workflow.name,
    head_ref: "",
    base_ref: "",
    event_name: run.event,
    ref_protected: "false",
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    workflow_ref: workflowRef,
    workflow_sha: sha,
    job_workflow_ref: workflowRef,
    job_workflow_sha: sha,
    runner_environment: "github-hosted",
  };
}

/** A push to main of a repository whose deploy workflow is where the README puts it. */
export function deployRun(repository: {
  readonly fullName: string;
  readonly id: number;
  readonly ownerId: number;
}): WorkflowRun {
  const [owner = "", name = ""] = repository.fullName.split("/");
  return {
    owner,
    ownerId: repository.ownerId,
    name,
    repositoryId: repository.id,
    visibility: "private",
    ref: "refs/heads/main",
    sha: "0".repeat(40),
    event: "push",
    actor: owner,
    workflow: { name: "deploy", path: ".github/workflows/deploy.yml" },
    runId: 1,
    runNumber: 1,
    attempt: 1,
  };
}
