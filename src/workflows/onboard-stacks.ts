import { z } from "zod";
import { Alias } from "../domain/names.ts";
import { projectYaml } from "../domain/project-yaml.ts";
import type { OnboardingSight } from "../forge/onboarding-forge.ts";

/** A stack as its files name it. Every part is plain: it goes into YAML, Markdown and links. */
export type FoundStack = { alias: string; project: string; stack: string; dir: string; runtime: string };

const Project = z.object({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/),
  runtime: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).catch(""),
  stackConfigDir: z.string().optional(),
});
const PLAIN_FOLDER = /^(?:\.|[\w@+-][\w.@+-]*(?:\/[\w@+-][\w.@+-]*)*)$/;

/** The stacks that the files of a repository show. What has odd signs in its name is left out: it can be written by hand. */
export function findStacks({ programs, stackFiles }: OnboardingSight): FoundStack[] {
  return programs.flatMap(({ dir, text }) => {
    const project = Project.safeParse(projectYaml(text));
    if (!project.success || !PLAIN_FOLDER.test(dir)) return [];
    const { name, runtime, stackConfigDir } = project.data;
    const folder = [dir, stackConfigDir ?? "."]
      .flatMap((part) => part.split("/"))
      .filter((part) => part !== "." && part !== "");
    const start = [...folder, "Pulumi."].join("/");
    return stackFiles.flatMap((path) => {
      const stack = /^([A-Za-z0-9][\w.-]{0,99})\.ya?ml$/.exec(
        path.startsWith(start) ? path.slice(start.length) : "",
      )?.[1];
      const alias = Alias.safeParse(`${name}.${stack}`);
      if (stack === undefined || !alias.success) return [];
      return [{ alias: alias.data, project: name, stack, dir, runtime }];
    });
  });
}
