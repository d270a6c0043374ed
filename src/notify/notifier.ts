import type { Notification, Subject } from "../domain/notification.ts";
import type { NamedTarget } from "../domain/notification-targets.ts";

/** What one target is told at once of one subject: the news, oldest first. */
export type NotifyMessage = { subject: Subject; news: readonly [Notification, ...Notification[]] };

/** What became of one try. `why` is our own sentence: no address, no key, nothing of an answer but its status. */
export type Sent =
  | { kind: "sent" }
  /** The same would fail again. */
  | { kind: "refused"; why: string }
  | { kind: "again"; why: string; afterMs: number | null };

/** One way to tell people or machines. Never throws; ends when `signal` aborts. */
export interface Notifier {
  send(target: NamedTarget, message: NotifyMessage, signal: AbortSignal): Promise<Sent>;
}

/** Where messages are left to be sent, in the background. */
export interface NotificationOutbox {
  /** The settings that a target lacks, by their names; empty where it can be told. */
  lacks(target: NamedTarget): string[];
  /** Takes the message; never throws, and never waits. */
  post(target: NamedTarget, message: NotifyMessage): void;
}
