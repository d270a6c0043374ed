import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { eventually, startAppWorld } from "./app-world.ts";
import type { AppWorldOptions } from "./open-app-world.ts";
import { readNotes } from "./read-notes.ts";

export const REPO = "acme/infra";

/** What the App has answered on an issue or a pull request, oldest first, without what an answer remembers for itself. */
export async function readAnswers(github: GitHubStandIn, number: number): Promise<string[]> {
  const mark = /^<!-- pulumiscale:reply [^>]*-->\n/;
  const notes = await readNotes(github, number);
  return notes.filter((body) => mark.test(body)).map((body) => body.replace(mark, ""));
}

/** The app with an issue on which people give commands. */
export async function startCommandWorld(options: AppWorldOptions = {}) {
  const world = await startAppWorld(options);
  const { github } = world;
  const issue = await github.openIssue(REPO, { author: "alice", title: "Scaling" });
  const say = (body: string, author = "alice", number = issue) => github.comment(REPO, number, { author, body });
  const answers = (number = issue) => readAnswers(github, number);
  /** The newest answer, once it says that. */
  const answered = async (text: RegExp, number = issue): Promise<string> => {
    const all = await eventually(
      () => answers(number),
      (read) => read.some((body) => text.test(body)),
    );
    return all.findLast((body) => text.test(body)) ?? "";
  };
  return { ...world, issue, say, answers, answered };
}
