import { COMMANDS } from "./command-table.ts";
import { MAX_HOLD_DAYS } from "./command-time.ts";

/** The reply to `/scale help`, as markdown: every command, and how names and times are written. */
export function renderHelp(): string {
  return [
    "Commands, one per line of a comment:",
    "",
    ...renderCommandTable(),
    "",
    "- A pool is `web` or `shop.prod/web`, and may be left out where there is only one. A stack may be shortened to an ending that no other has: `prod/web`.",
    `- \`for\` takes \`30m\`, \`2h\`, \`1h30m\`, \`1d\` or \`1w\`; \`until\` a time such as \`2030-01-31T18:00+01:00\`, in UTC where no zone is given. ${MAX_HOLD_DAYS} days are the most.`,
  ].join("\n");
}

/** The rows of a markdown table of all commands: how each is written, and what it does. */
export function renderCommandTable(): string[] {
  const rows = COMMANDS.map(({ usage, meaning }) => `| \`${usage.replaceAll("|", "\\|")}\` | ${meaning} |`);
  return ["| command | what it does |", "|---|---|", ...rows];
}
