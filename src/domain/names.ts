import { z } from "zod";

/** The name of a pool: starts with a letter, at most 63 characters. */
export const PoolName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    "a pool's name starts with a letter and holds at most 63 of A-Z a-z 0-9 _ -",
  );

/** The name of a stack in routes, commands and ledger files: `<project>.<stack>` unless the repository file says otherwise. */
export const Alias = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "an alias starts with a letter or digit and holds at most 100 of A-Z a-z 0-9 . _ -",
  )
  // An alias becomes part of a git ref: git refuses `..` and a final `.lock` there.
  .refine((alias) => !alias.includes("..") && !alias.endsWith(".lock") && !alias.endsWith("."), {
    message: "an alias holds no `..` and ends neither in `.` nor in `.lock`",
  });

/** What a stack is called, and was called before. */
export type StackNames = { alias: string; formerAliases?: readonly string[] | undefined };

/** True for the stack's alias and its former ones. */
export function isCalled({ alias, formerAliases }: StackNames, name: string): boolean {
  return alias === name || (formerAliases?.includes(name) ?? false);
}

/** The alias of a stack that the repository file does not name. */
export function defaultAlias(project: string, stack: string): string {
  return `${project}.${stack}`;
}
