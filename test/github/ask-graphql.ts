import type { OctoInfra } from "./octo-infra.ts";

export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly type?: string; readonly message: string; readonly path?: unknown }[];
}

/** Sends a document as a workflow's token that may do everything, and gives the answer as it came. */
export async function askGraphql(
  scene: OctoInfra,
  query: string,
  variables: object = {},
  token = workflowToken(scene),
): Promise<GraphqlAnswer> {
  const response = await fetch(scene.github.graphqlUrl, {
    method: "POST",
    headers: { authorization: `bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return JSON.parse(await response.text());
}

export async function idOfRepository(scene: OctoInfra): Promise<string> {
  const { repository } = await scene.octo.graphql<{ repository: { id: string } }>(
    `{ repository(owner: "octo", name: "infra") { id } }`,
  );
  return repository.id;
}

export async function headOf(scene: OctoInfra, branch = "main"): Promise<string> {
  const oid = await scene.github.readRef("octo/infra", branch);
  if (oid === null) throw new Error(`${branch} is missing`);
  return oid;
}

function workflowToken(scene: OctoInfra): string {
  return scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: {
      contents: "write",
      pull_requests: "write",
      issues: "write",
      checks: "read",
      statuses: "read",
    },
  });
}
