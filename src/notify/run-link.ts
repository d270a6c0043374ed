import type { Notification } from "../domain/notification.ts";

/**
 * The page of a run, where a message may link it: on the server of its subject's own page, since whoever may write a receipt could lead people
 * anywhere else, and without a sign that ends a link of any target. Null for any other.
 */
export function runLink({ runUrl, subject }: Pick<Notification, "runUrl" | "subject">): string | null {
  if (runUrl === null || subject.url === null) return null;
  const isClean = /^https?:\/\/[^\s()<>[\]|"'`\p{Cc}\\@]{1,300}$/u.test(runUrl);
  return isClean && URL.parse(runUrl)?.origin === URL.parse(subject.url)?.origin ? runUrl : null;
}
