import { quoteText } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { Amounts, Limit } from "../detect/kube-objects.ts";
import type { Finding } from "../finding.ts";
import { formatQuantity } from "../format-quantity.ts";
import { ONE_UNIT, parseQuantity } from "../quantity.ts";
import type { Demand } from "./plan-demand.ts";
import { limitsOf, requestsOf, type Size, toSize } from "./pod-size.ts";

/** Whether the pods that a plan makes are within the limit ranges of their namespace, which refuse all others. */
export function judgeLimitRanges(demands: readonly Demand[], { limitRanges }: ClusterFacts): Finding[] {
  const made = demands.filter(({ isReplaced, before, after }) => isReplaced || after > before);
  return (limitRanges ?? []).flatMap(({ metadata, spec }) =>
    spec.limits.flatMap((limit) => made.flatMap((demand) => judgeDemand(demand, metadata.name, limit))),
  );
}

function judgeDemand(demand: Demand, range: string, limit: Limit): Finding[] {
  if (limit.type === "Pod") {
    return judgeSizes(demand.subject, range, limit, "its pods", requestsOf(demand.new), limitsOf(demand.new));
  }
  if (limit.type !== "Container") return [];
  return demand.new.containers.flatMap(({ name, resources }) =>
    judgeSizes(
      demand.subject,
      range,
      limit,
      `the container ${quoteText(name)}`,
      toSize(resources.requests),
      toSize(resources.limits),
    ),
  );
}

function judgeSizes(
  subject: string,
  range: string,
  { min, max, maxLimitRequestRatio }: Limit,
  who: string,
  requests: Size,
  limits: Size,
): Finding[] {
  const tell = (resource: string, sentence: string, numbers: Finding["numbers"]): Finding => ({
    kind: "risk",
    code: "outside-limit-range",
    subject,
    message: `The limit range ${quoteText(range)} refuses new pods of ${subject}: ${who} ${sentence}.`,
    numbers: { resource, ...numbers },
  });
  return [
    ...bounds(min).flatMap(([resource, least]) => {
      const given = requests.get(resource) ?? 0n;
      if (given >= least) return [];
      const [has, needs] = [formatQuantity(resource, given), formatQuantity(resource, least)];
      return [
        tell(resource, `requests ${has} of ${quoteText(resource, 100)}, and ${needs} is the least`, {
          given: has,
          min: needs,
        }),
      ];
    }),
    ...bounds(max).flatMap(([resource, most]) => {
      const given = limits.get(resource);
      if (given !== undefined && given <= most) return [];
      const has = given === undefined ? "none" : formatQuantity(resource, given);
      const allowed = formatQuantity(resource, most);
      return [
        tell(resource, `has the limit ${has} of ${quoteText(resource, 100)}, and ${allowed} is the most`, {
          given: has,
          max: allowed,
        }),
      ];
    }),
    ...bounds(maxLimitRequestRatio).flatMap(([resource, ratio]) => {
      const [limit, request] = [limits.get(resource) ?? 0n, requests.get(resource) ?? 0n];
      if (request > 0n && limit > 0n && limit * ONE_UNIT <= request * ratio) return [];
      const most = formatQuantity("cpu", ratio);
      return [
        tell(resource, `may use more than ${most} times the ${quoteText(resource, 100)} that it requests`, {
          ratio: most,
        }),
      ];
    }),
  ];
}

function bounds(amounts: Amounts): [string, bigint][] {
  return Object.entries(amounts).flatMap(([resource, text]) => {
    const value = parseQuantity(text);
    return value === null ? [] : [[resource, value]];
  });
}
