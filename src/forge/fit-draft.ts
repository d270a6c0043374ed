import type { PullRequestDraft } from "./forge.ts";

/** GitHub refuses a pull request with more, in characters; the head's mark takes some of it. */
const LONGEST_TITLE = 256;
const LONGEST_BODY = 65_536 - 100;

const NOTE = "… There is more than GitHub takes here: the commit has all of it.";

/**
 * The draft as far as GitHub takes it. Of a body that is too long the readable part is cut, by lines; the trailers stay whole, or are
 * left out too where they alone are too long: the commit has them in any case.
 */
export function fitDraft(draft: PullRequestDraft): PullRequestDraft {
  return { ...draft, title: fitTitle(draft.title), body: fitBody(draft.body) };
}

function fitTitle(title: string): string {
  return title.length <= LONGEST_TITLE ? title : `${title.slice(0, LONGEST_TITLE - 1)}…`;
}

function fitBody(body: string): string {
  if (body.length <= LONGEST_BODY) return body;
  const lines = body.split("\n");
  const first = lines.findIndex((line) => line.startsWith("Pulumiscale-"));
  const trailers = first === -1 ? "" : lines.slice(first).join("\n");
  const prose = first === -1 ? lines : lines.slice(0, first);
  const ending = `\n\n${NOTE}\n\n`;
  const kept = trailers.length + ending.length <= LONGEST_BODY ? trailers : "";
  let room = LONGEST_BODY - ending.length - kept.length;
  const fitting = prose.filter((line) => {
    room -= line.length + 1;
    return room >= 0;
  });
  return `${fitting.join("\n")}${ending}${kept}`.trim();
}
