import type { RepositoryName } from "./repository-name.ts";
import { repositoryKey } from "./repository-name.ts";
import { sha256 } from "./sha256.ts";

/** What people and machines are told of, in the order in which it happens. */
export const NOTIFICATION_KINDS = ["opened", "waiting", "failed", "applied"] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** A scale of pools, or a plan of infra.scale. */
export const SUBJECT_KINDS = ["scale", "plan"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** What messages are about: a pull request, or a commit that came without one. */
export type Subject = {
  /** `owner/repo#12` or `owner/repo@<commit>`: the same for all messages of it, on every machine. */
  id: string;
  kind: SubjectKind;
  repository: RepositoryName;
  /** The alias of a stack, or the name of a plan. */
  name: string;
  pullRequest: number | null;
  commit: string | null;
  /** The page of it; null where there is none. */
  url: string | null;
};

/** What moves: a pool, or a part of a plan. */
export type NotifiedChange = { name: string; from: number | string | null; to: number | string | null };

/** One thing that has become so. */
export type Notification = {
  /** 32 hex digits: the same for the same thing on every machine and after every restart. */
  id: string;
  kind: NotificationKind;
  /** When it became so, in milliseconds. It orders the messages of a subject. */
  atMs: number;
  subject: Subject;
  changes: readonly NotifiedChange[];
  /** What it is in words, where the changes do not say it: text from outside. */
  summary: string | null;
  /** Who asked for it: text from outside. */
  requestedBy: string | null;
  approvedBy: string | null;
  /** Why it failed: text from outside; null for the other kinds. */
  failure: string | null;
  /** The page of the run that applied it, or tried to. */
  runUrl: string | null;
};

/** A notification without its id. `identity`: what tells it from others of its kind and subject. */
export type NotificationDraft = Omit<Notification, "id"> & { identity: readonly (string | number)[] };

export function notificationOf({ identity, ...rest }: NotificationDraft): Notification {
  const text = JSON.stringify([rest.subject.id, rest.kind, ...identity]);
  return { id: sha256(text).toString("hex").slice(0, 32), ...rest };
}

type SubjectFacts = Pick<Subject, "kind" | "repository" | "name"> & { serverUrl: string | null };

/** `serverUrl`: what people look at, without a `/` at the end; null for a repository that nobody serves. */
export function pullSubject({ serverUrl, ...facts }: SubjectFacts, pullRequest: number): Subject {
  const url = pageOf(serverUrl, facts.repository, `pull/${pullRequest}`);
  return {
    id: `${repositoryKey(facts.repository)}#${pullRequest}`,
    ...facts,
    pullRequest,
    commit: null,
    url,
  };
}

export function commitSubject({ serverUrl, ...facts }: SubjectFacts, commit: string): Subject {
  const url = pageOf(serverUrl, facts.repository, `commit/${commit}`);
  return { id: `${repositoryKey(facts.repository)}@${commit}`, ...facts, pullRequest: null, commit, url };
}

function pageOf(serverUrl: string | null, { owner, repo }: RepositoryName, page: string): string | null {
  return serverUrl === null ? null : `${serverUrl}/${owner}/${repo}/${page}`;
}
