/**
 * Every command that a comment can give, with how it is written and what it does. One table: the help reply, the documentation,
 * "did you mean" and the names in the repository file are made from it.
 */
export const COMMANDS = [
  {
    name: "scale",
    usage: "/scale [pool] <value | +n | -n> [--dry-run]",
    meaning:
      "sets the pool to a value, or moves it by a difference; with `--dry-run` it only says what would happen",
    examples: ["/scale 10", "/scale web +2", "/scale shop.prod/web -1 --dry-run"],
  },
  {
    name: "status",
    usage: "/scale status [pool | stack]",
    meaning: "says where pools stand: value, limits, what waits, what is paused, what has failed",
    examples: ["/scale status", "/scale status web"],
  },
  {
    name: "history",
    usage: "/scale history [pool | stack]",
    meaning: "lists the last changes of a pool, of all pools of a stack or of all, with who asked and why",
    examples: ["/scale history web", "/scale history shop.prod"],
  },
  {
    name: "pause",
    usage: "/scale pause <all | stack | stack/pool> [for <duration> | until <time>] [in | out] [reason]",
    meaning: "holds scaling, in one direction or in both, until it is over or somebody resumes it",
    examples: [
      "/scale pause shop.prod/web for 2h in load test",
      "/scale pause all until 2030-01-31T18:00+01:00",
    ],
  },
  {
    name: "pin",
    usage: "/scale pin [pool] <value> [for <duration> | until <time>] [reason]",
    meaning: "sets the pool to a value and lets no other through, until it is over or somebody resumes it",
    examples: ["/scale pin web 6 for 1d release day"],
  },
  {
    name: "resume",
    usage: "/scale resume [all | stack | pool]",
    meaning: "ends pauses and pins",
    examples: ["/scale resume shop.prod/web"],
  },
  {
    name: "undo",
    usage: "/scale undo [pool]",
    meaning: "goes back to the value before the last change, as a new change",
    examples: ["/scale undo web"],
  },
  {
    name: "retry",
    usage: "/scale retry [pool]",
    meaning: "tries again after an apply that has failed",
    examples: ["/scale retry web"],
  },
  {
    name: "approve",
    usage: "/scale approve",
    meaning:
      "in a pull request of a change over a threshold, or of a plan: approves exactly the commit that it has now, if that was pushed before the comment was written",
    examples: ["/scale approve"],
  },
  {
    name: "reject",
    usage: "/scale reject [reason]",
    meaning:
      "in a pull request of a change or of a plan: closes it, and the same demand does not open it again for now",
    examples: ["/scale reject we are closing down"],
  },
  { name: "help", usage: "/scale help", meaning: "lists the commands", examples: ["/scale help"] },
] as const satisfies readonly CommandFacts[];

interface CommandFacts {
  /** The word after `/scale`; `scale` itself stands for a line without one. */
  name: string;
  usage: string;
  meaning: string;
  examples: readonly string[];
}

export type CommandName = (typeof COMMANDS)[number]["name"];

/** All names, as the repository file's rules use them. */
export const COMMAND_NAMES = COMMANDS.map(({ name }) => name);

/** The words after `/scale` that are commands. */
export const SUBCOMMANDS = COMMAND_NAMES.filter((name) => name !== "scale");

/** The name of a subcommand as somebody wrote it, in any case; null where it is none. */
export function subcommandOf(word: string): (typeof SUBCOMMANDS)[number] | null {
  const written = word.toLowerCase();
  return SUBCOMMANDS.find((name) => name === written) ?? null;
}

/** How a command is written. */
export function usageOf(name: CommandName): string {
  return factsOf(name).usage;
}

/** The first example of a command. */
export function exampleOf(name: CommandName): string {
  return factsOf(name).examples[0] ?? usageOf(name);
}

function factsOf(name: CommandName): CommandFacts {
  return COMMANDS.find((it) => it.name === name) ?? COMMANDS[0];
}
