// npm run bench [-- --only <name>] [--quick] [--json] [--list]
//
// Prints how fast PulumiScale is as ratios and counts: a ratio is ours against a stated baseline, both measured in this
// run, turn and turn about, as the median of the repetitions with their middle half; a count is of API calls,
// processes, commits, answers or bytes. Times are told of storms only, beside the ratio that goes with them: they say more about
// the machine than about the product.
// What is aimed at stands beside a figure, with "met" or "missed". The exit code is 1 only when something could not be
// measured, never because of a slow number.
import { parseArgs } from "node:util";
import { actionUp } from "./action-up.ts";
import { alertToApplied } from "./alert-to-applied.ts";
import { apiCalls } from "./api-calls.ts";
import { githubWaiting } from "./github-waiting.ts";
import { heldDecisions } from "./held-decisions.ts";
import { infraScaleStart } from "./infra-scale-start.ts";
import type { Measurement } from "./measurement.ts";
import { packageSize } from "./package-size.ts";
import { type MeasuredFigure, renderTable } from "./render-table.ts";
import { sidecarUp } from "./sidecar-up.ts";
import { storms } from "./storms.ts";

const MEASUREMENTS: readonly Measurement[] = [
  apiCalls,
  githubWaiting,
  heldDecisions,
  ...storms,
  actionUp,
  alertToApplied,
  sidecarUp,
  packageSize,
  infraScaleStart,
];

const HELP = `npm run bench [-- options]

  --only <name>  one measurement; may be given again
  --quick        few repetitions: a try, not a result
  --json         the figures as JSON
  --list         the measurements

Measurements:
${MEASUREMENTS.map(({ name, about }) => `  ${name.padEnd(18)} ${about}`).join("\n")}`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.list) {
    console.log(HELP);
    return 0;
  }
  const unknown = values.only.filter((wanted) => !MEASUREMENTS.some(({ name }) => name === wanted));
  if (unknown.length > 0) {
    console.error(`There is no measurement ${unknown.join(", ")}.\n\n${HELP}`);
    return 2;
  }
  const wanted = MEASUREMENTS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  const figures: MeasuredFigure[] = [];
  const failures: string[] = [];
  for (const { name, measure } of wanted) {
    const tell = (line: string) => console.error(`${name}: ${line}`);
    tell("measuring …");
    try {
      const measured = await measure(values.quick ? "quick" : "full", tell);
      figures.push(...measured.map((figure) => ({ measurement: name, ...figure })));
    } catch (error) {
      failures.push(name);
      tell(`could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    }
  }
  if (values.json) console.log(JSON.stringify({ pace: values.quick ? "quick" : "full", figures, failures }));
  else console.log(`\n${renderTable(figures)}`);
  if (failures.length > 0) console.error(`\nCould not be measured: ${failures.join(", ")}`);
  return failures.length > 0 ? 1 : 0;
}

process.exitCode = await main();
