import { ArgumentMistake } from "./argument-mistake.ts";
import { findOver, parseHpa, parseResources, parseVpa } from "./parse-resources.ts";
import { type NamedWorkload, parseWorkload } from "./parse-workload.ts";
import type { Argument, Flags } from "./read-flags.ts";
import type { Resources, Workload } from "./scale-input.ts";

/**
 * The workloads of a command line, each with all that is asked of it, in their order, and the contexts of those that name none.
 * `--hpa` is of every workload with replicas. Throws `ArgumentMistake`.
 */
export function gatherWorkloads({ values }: Flags): { workloads: Workload[]; contexts: string[] } {
  const named = new Map<string, NamedWorkload>();
  for (const argument of values.get("--workload") ?? []) addWorkload(named, parseWorkload(argument));
  if (named.size === 0) {
    throw new ArgumentMistake(
      "No workloads specified",
      "add at least one --workload=<Kind>:<name>:<replicas>.",
    );
  }
  for (const argument of values.get("--req") ?? []) addResources(named, argument, "requests");
  for (const argument of values.get("--lim") ?? []) addResources(named, argument, "limits");
  for (const argument of values.get("--vpa") ?? []) {
    const { name, vpa } = parseVpa(argument);
    const { workload } = findNamed(named, argument, name);
    if (workload.vpa !== undefined) throw new ArgumentMistake(argument.given, `${name} has a --vpa already.`);
    workload.vpa = vpa;
  }
  const [hpaArgument] = values.get("--hpa") ?? [];
  const hpa = hpaArgument && parseHpa(hpaArgument);
  if (
    hpaArgument !== undefined &&
    [...named.values()].every(({ workload }) => workload.replicas === undefined)
  ) {
    throw new ArgumentMistake(
      hpaArgument.given,
      "it is for workloads with replicas, and no --workload has any, as in --workload=Deployment:web:6.",
    );
  }
  const contexts: string[] = [];
  for (const argument of values.get("--context") ?? []) addContext(named, contexts, argument);
  const workloads = [...named.values()].map(({ argument, workload }) => {
    if (Object.keys(workload).every((key) => NAMING.includes(key))) {
      throw new ArgumentMistake(
        argument.given,
        "it is to change nothing; give it replicas, or a --req, --lim or --vpa.",
      );
    }
    return hpa === undefined || workload.replicas === undefined ? workload : { ...workload, hpa };
  });
  return { workloads, contexts };
}

const NAMING: readonly string[] = ["kind", "apiGroup", "name", "contexts"];

/** Two of one name could not be told apart by `--req`, and would share one autoscaler. */
function addWorkload(named: Map<string, NamedWorkload>, added: NamedWorkload): void {
  const { name } = added.workload;
  if (named.has(name))
    throw new ArgumentMistake(
      added.argument.given,
      `there is another --workload called ${name}; expected one of a name.`,
    );
  named.set(name, added);
}

function addResources(
  named: ReadonlyMap<string, NamedWorkload>,
  argument: Argument,
  field: "requests" | "limits",
): void {
  const { name, resources } = parseResources(argument);
  const { kind, workload } = findNamed(named, argument, name);
  if (kind.resources !== null) throw new ArgumentMistake(argument.given, `${kind.resources}.`);
  const before: Resources = workload[field] ?? {};
  const twice = Object.keys(resources).find((key) => key in before);
  if (twice !== undefined) throw new ArgumentMistake(argument.given, `${twice} of ${name} is given already.`);
  workload[field] = { ...before, ...resources };
  const over = findOver(workload.requests ?? {}, workload.limits ?? {});
  if (over !== null) {
    throw new ArgumentMistake(
      argument.given,
      `${name} would request more ${over} than its limit; expected a request of at most the limit.`,
    );
  }
}

/** A context may have any `:` in its name: what stands before the first counts where it is a workload's name. */
function addContext(
  named: ReadonlyMap<string, NamedWorkload>,
  contexts: string[],
  { given, value }: Argument,
): void {
  const end = value.indexOf(":");
  const workload = end < 1 ? undefined : named.get(value.slice(0, end))?.workload;
  const context = workload === undefined ? value : value.slice(end + 1);
  if (context === "" || context.length > LONGEST_CONTEXT || /[\p{Cc}\p{Cs}]/u.test(context)) {
    throw new ArgumentMistake(
      given,
      "expected the name of a context of the kubeconfig, or <name>:<context> for one workload.",
    );
  }
  const all = workload === undefined ? contexts : (workload.contexts ?? []);
  if (all.includes(context)) throw new ArgumentMistake(given, "this context is given already.");
  if (workload === undefined) contexts.push(context);
  else workload.contexts = [...all, context];
}

const LONGEST_CONTEXT = 1000;

function findNamed(
  named: ReadonlyMap<string, NamedWorkload>,
  { given }: Argument,
  name: string,
): NamedWorkload {
  const found = named.get(name);
  if (found === undefined)
    throw new ArgumentMistake(given, "there is no --workload of that name; expected the name of one.");
  return found;
}
