import { z } from "zod";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { asPerson } from "./as-person.ts";

const Comments = z.array(z.object({ body: z.string() }));

/** The comments on an issue or a pull request of acme/infra, oldest first. */
export async function readNotes(github: GitHubStandIn, number: number): Promise<string[]> {
  const notes: string[] = [];
  for (let page = 1; notes.length === (page - 1) * 100; page++) {
    const path = `/issues/${number}/comments?per_page=100&page=${page}`;
    notes.push(...Comments.parse(await asPerson(github, "alice")("GET", path)).map(({ body }) => body));
  }
  return notes;
}
