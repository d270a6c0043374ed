import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { type DoctorFinding, good, problem, unknown } from "./finding.ts";

const LEVELS: readonly string[] = ["read", "write", "admin"];

/** Whether the App is there, and may do and hear what it has to. */
export function checkApp({ app, needs, owner, repo }: DoctorFacts): DoctorFinding[] {
  if (app.kind === "hidden")
    return [unknown("app", "the App", app.why, "Set APP_ID and PRIVATE_KEY, as the app itself has them.")];
  if (app.value === null) {
    const fix = "Install it there, or add the repository to its installation.";
    return [problem("app", "the App", `It is not installed on ${owner}/${repo}.`, fix)];
  }
  const { permissions, events, slug } = app.value;
  const missing = Object.entries(needs.permissions).filter(
    ([name, level]) => LEVELS.indexOf(permissions[name] ?? "") < LEVELS.indexOf(level),
  );
  const unheard = needs.events.filter((event) => !events.includes(event));
  const page = `the App's settings, under Permissions & events`;
  return [
    missing.length === 0
      ? good("permissions", `permissions of ${slug}`)
      : problem(
          "permissions",
          `permissions of ${slug}`,
          `It lacks ${missing.map(([name, level]) => `${name}: ${level}`).join(", ")}.`,
          `Add them in ${page}, and accept them on the installation.`,
        ),
    unheard.length === 0
      ? good("events", `events of ${slug}`)
      : problem(
          "events",
          `events of ${slug}`,
          `It is not told of ${unheard.join(", ")}.`,
          `Tick them in ${page}.`,
        ),
  ];
}
