import { z } from "zod";
import { projectYaml } from "../domain/project-yaml.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** The path of a stack's file. Where no project is in its folder any more, it was kept as the one in `movedTo` keeps its files. */
export type StackFilePath = (stack: { dir: string; stack: string }, movedTo?: string) => string;

/** Asks where the projects in these folders keep their stack files: `stackConfigDir` of their Pulumi.yaml on the default branch. */
export async function readStackFilePaths(
  client: GitHubClient,
  name: RepositoryName,
  dirs: readonly string[],
): Promise<StackFilePath> {
  const projects = await readProjects(client, name, dirs);
  return ({ dir, stack }, movedTo = dir) => {
    const project = projects.get(dir) ?? projects.get(movedTo);
    return joinPath(dir, project?.stackConfigDir ?? ".", `Pulumi.${stack}.${project?.extension ?? "yaml"}`);
  };
}

type ProjectFile = { stackConfigDir: string | undefined; extension: "yaml" | "yml" };
const ProjectFields = z.object({ stackConfigDir: z.string().optional() });

/** So many directories are asked for in one query: GitHub bounds a query's nodes. */
const DIRS_PER_QUERY = 50;
const Text = z.object({ text: z.string().nullable() }).nullable();
const Projects = z.object({
  repository: z.record(z.string(), z.union([Text, z.object({}).transform(() => null)])),
});

async function readProjects(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  dirs: readonly string[],
): Promise<Map<string, ProjectFile>> {
  const unique = [...new Set(dirs)];
  const projects = new Map<string, ProjectFile>();
  for (let from = 0; from < unique.length; from += DIRS_PER_QUERY) {
    const some = unique.slice(from, from + DIRS_PER_QUERY);
    const names = some.flatMap((_, index) => [`y${index}`, `s${index}`]);
    const variables = names.map((name) => `$${name}: String!`).join(", ");
    const fields = names
      .map((name) => `${name}: object(expression: $${name}) { ... on Blob { text } }`)
      .join(" ");
    const query = `query Projects($owner: String!, $repo: String!, ${variables}) { repository(owner: $owner, name: $repo) { ${fields} } }`;
    const expressions = some.flatMap((dir, index) => [
      [`y${index}`, `HEAD:${joinPath(dir, "Pulumi.yaml")}`],
      [`s${index}`, `HEAD:${joinPath(dir, "Pulumi.yml")}`],
    ]);
    const answer = await client.graphql(query, { owner, repo, ...Object.fromEntries(expressions) });
    const { repository } = Projects.parse(answer);
    for (const [index, dir] of some.entries()) {
      const found = projectFile(repository[`y${index}`]?.text, repository[`s${index}`]?.text);
      if (found !== null) projects.set(dir, found);
    }
  }
  return projects;
}

function projectFile(yaml: string | null | undefined, yml: string | null | undefined): ProjectFile | null {
  if (yaml == null && yml == null) return null;
  const fields = ProjectFields.safeParse(projectYaml(yaml ?? yml ?? ""));
  return {
    stackConfigDir: fields.success ? fields.data.stackConfigDir : undefined,
    extension: yaml == null ? "yml" : "yaml",
  };
}

/** Joins repository paths; `.` and empty parts vanish, `..` goes up but never out of the repository. */
function joinPath(...parts: string[]): string {
  const path: string[] = [];
  for (const part of parts.flatMap((piece) => piece.split("/"))) {
    if (part === "..") path.pop();
    else if (part !== "" && part !== ".") path.push(part);
  }
  return path.join("/");
}
