import { z } from "zod";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { eventually, startAppWorld } from "./app-world.ts";
import { asPerson } from "./as-person.ts";
import type { AppWorldOptions } from "./open-app-world.ts";
import { readNotes } from "./read-notes.ts";

export const REPO = "acme/infra";

const MARK = /^<!-- pulumiscale:reply [^>]*-->\n/;

/** What the App has answered on an issue or a pull request, oldest first, without what an answer remembers for itself. */
export async function readAnswers(github: GitHubStandIn, number: number): Promise<string[]> {
  const notes = await readNotes(github, number);
  return notes.filter((body) => MARK.test(body)).map((body) => body.replace(MARK, ""));
}

/** A clock that the test moves; the stand-in goes by it too. */
export function movableClock() {
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  return {
    options: { internals: { clock }, github: { now: () => new Date(clock()) } } satisfies AppWorldOptions,
    ahead: (minutes: number) => {
      aheadMs += minutes * 60_000;
    },
  };
}

/** The app with an issue on which people give commands: alice, bob and carol may write, rita may read, and sam is a stranger. */
export async function startCommandWorld(options: AppWorldOptions = {}) {
  const world = await startAppWorld(options);
  const { github, replica } = world;
  for (const login of ["bob", "carol"]) {
    github.createUser(login);
    github.addCollaborator(REPO, login, "write");
  }
  github.createUser("rita");
  github.addCollaborator(REPO, "rita", "read");
  github.createUser("sam");
  const issue = await github.openIssue(REPO, { author: "alice", title: "Scaling" });
  const say = (body: string, author = "alice", number = issue) =>
    github.comment(REPO, number, { author, body });
  const answers = (number = issue) => readAnswers(github, number);
  /** The newest answer that says that, once there is one. */
  const answered = async (text: RegExp, number = issue): Promise<string> => {
    const all = await eventually(
      () => answers(number),
      (read) => read.some((body) => text.test(body)),
    );
    return all.findLast((body) => text.test(body)) ?? "";
  };
  /** The app has done what it was told of, and what that has led to. */
  const settled = async () => {
    for (let round = 0; round < 3; round++) {
      await github.webhooksIdle();
      await replica.idle();
    }
  };
  /** Says it, and gives the answers of the thread after it. */
  const ask = async (body: string, author = "alice", number = issue): Promise<string> => {
    await say(body, author, number);
    await settled();
    return (await answers(number)).at(-1) ?? "";
  };
  /** News of the repository that changes nothing. */
  const push = async () => {
    const files = { "notes.md": `${Math.random()}` };
    await github.commit(REPO, { files, message: "notes", login: "alice" });
    await settled();
  };
  const Reactions = z.array(z.object({ content: z.string(), user: z.object({ login: z.string() }) }));
  const reactions = async (comment: number): Promise<string[]> => {
    const listed = await asPerson(github, "alice")("GET", `/issues/comments/${comment}/reactions`);
    return Reactions.parse(listed).map(({ content, user }) => `${content} by ${user.login}`);
  };
  /** Who wrote to GitHub how often: what the App has done there. */
  const writesOfApp = () =>
    github.requests.filter(({ who, method, kind, path }) => {
      const isWrite = kind === "rest" && method !== "GET" && !path.includes("access_tokens");
      return isWrite && who === world.app.botLogin;
    }).length;
  return { ...world, issue, say, ask, answers, answered, settled, push, reactions, writesOfApp };
}

export type CommandWorld = Awaited<ReturnType<typeof startCommandWorld>>;
