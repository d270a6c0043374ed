import { cleanLine } from "./clean-text.ts";
import type { Notification, NotifiedChange, Subject } from "./notification.ts";

/** At most so many changes are named in a sentence. */
const MOST_CHANGES = 8;

/** What a message is about, on one line: the same in every message of it, since mail programs sort by it. */
export function describeSubject({ kind, repository, name, pullRequest, commit }: Subject): string {
  const what = kind === "scale" ? "Scale" : "Plan";
  const which =
    pullRequest === null ? `commit ${(commit ?? "").slice(0, 7)}` : `pull request #${pullRequest}`;
  return `${what} ${which} of ${repository.owner}/${repository.repo} (${cleanLine(name, 100)})`;
}

/** What has become so, as a sentence of plain text without markup. Text from outside in it is cleaned. */
export function describeNews(notification: Notification): string {
  const { kind, requestedBy, approvedBy, failure } = notification;
  const { changes, summary } = notification;
  const what = summary === null ? describeChanges(changes) : cleanLine(summary, 200);
  const by = requestedBy === null ? "" : `, asked for by ${cleanLine(requestedBy, 100)}`;
  switch (kind) {
    case "opened":
      return `Opened: ${what}${by}.`;
    case "waiting":
      return `Waits for the approval of a person with write access: ${what}${by}.`;
    case "applied": {
      const approved = approvedBy === null ? "" : `, approved by ${cleanLine(approvedBy, 100)}`;
      return `Applied: ${what}${by}${approved}.`;
    }
    case "failed": {
      const why = cleanLine(failure ?? "", 300);
      return `Not applied: ${what}${why === "" ? "" : ` (${why})`}.`;
    }
  }
}

function describeChanges(changes: readonly NotifiedChange[]): string {
  const named = changes.slice(0, MOST_CHANGES).map(describeChange);
  const more = changes.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function describeChange({ name, from, to }: NotifiedChange): string {
  return `${cleanLine(name, 80)} ${valueText(from)} → ${valueText(to)}`;
}

function valueText(value: NotifiedChange["from"]): string {
  return value === null ? "nothing" : cleanLine(String(value), 60);
}
