import { z } from "zod";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { asPerson } from "./as-person.ts";

const Comments = z.array(z.object({ body: z.string() }));

/** The comments on a pull request of acme/infra, oldest first. */
export async function readNotes(github: GitHubStandIn, number: number): Promise<string[]> {
  const comments = await asPerson(github, "alice")("GET", `/issues/${number}/comments?per_page=100`);
  return Comments.parse(comments).map(({ body }) => body);
}
