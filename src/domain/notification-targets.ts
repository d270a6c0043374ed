import { z } from "zod";
import { Alias } from "./names.ts";
import { NOTIFICATION_KINDS, type Notification, SUBJECT_KINDS } from "./notification.ts";

/** The name of a target: it becomes part of the names of environment variables. */
const TargetName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "a target's name starts with a letter and holds at most 40 of a-z 0-9 -");

export const Address = z.email("an e-mail address, without a name").max(254);

const wishes = {
  /** All kinds, unless given. */
  kinds: z.array(z.enum(NOTIFICATION_KINDS)).min(1).max(NOTIFICATION_KINDS.length).optional(),
  /** Scales and plans, unless given. */
  subjects: z.array(z.enum(SUBJECT_KINDS)).min(1).max(SUBJECT_KINDS.length).optional(),
  /** The scales of these stacks alone; all stacks, unless given. */
  stacks: z.array(Alias).min(1).max(100).optional(),
};

const Target = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("slack"), ...wishes }),
  z.strictObject({
    type: z.literal("email"),
    from: Address,
    to: z.array(Address).min(1).max(20),
    ...wishes,
  }),
  z.strictObject({ type: z.literal("webhook"), ...wishes }),
]);
type Target = z.infer<typeof Target>;

/** Who is told what. Addresses and keys are the app's own: here is only what they are called. */
export const NotificationTargets = z
  .record(TargetName, Target)
  .refine((targets) => Object.keys(targets).length <= 20, "at most 20 targets");
export type NotificationTargets = z.infer<typeof NotificationTargets>;

/** A target with its name. */
export type NamedTarget = Target & { name: string };

export function namedTargets(targets: NotificationTargets): NamedTarget[] {
  return Object.entries(targets).map(([name, target]) => ({ name, ...target }));
}

/** Whether a target is to be told of this. */
export function isWanted(
  { kinds, subjects, stacks }: NamedTarget,
  { kind, subject }: Pick<Notification, "kind" | "subject">,
): boolean {
  if (kinds !== undefined && !kinds.includes(kind)) return false;
  if (subjects !== undefined && !subjects.includes(subject.kind)) return false;
  return subject.kind !== "scale" || stacks === undefined || stacks.includes(subject.name);
}

/** Whether anything of a stack may be told to a target. */
export function isAbout({ subjects, stacks }: NamedTarget, alias: string): boolean {
  return (subjects?.includes("scale") ?? true) && (stacks?.includes(alias) ?? true);
}

/** Whether a target may be told how plans have ended. */
export function isAboutPlanEnds({ kinds, subjects }: NamedTarget): boolean {
  if (subjects !== undefined && !subjects.includes("plan")) return false;
  return kinds === undefined || kinds.includes("applied") || kinds.includes("failed");
}
