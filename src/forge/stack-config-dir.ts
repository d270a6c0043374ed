import { parse } from "yaml";
import { z } from "zod";

const ProjectFile = z.object({ stackConfigDir: z.string().default(".") });

/** Where a program's stack files stand, from its folder, as the text of its project file says; `.` where it says nothing that can be used. */
export function stackConfigDirIn(text: string): string {
  try {
    return ProjectFile.parse(parse(text, { maxAliasCount: 50 })).stackConfigDir;
  } catch {
    return ".";
  }
}
