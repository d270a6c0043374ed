import type { Amounts, Container, Limit, LimitRangeObject, PodSpec } from "../detect/kube-objects.ts";
import { parseQuantity } from "../quantity.ts";
import { resourceAmounts } from "../resource-amounts.ts";
import type { Resources } from "../scale-input.ts";

/** Amounts by resource (`cpu`, `memory`, `nvidia.com/gpu`), in billionths of its unit. */
export type Size = ReadonlyMap<string, bigint>;

/** A pod's containers with what they will request and be limited to, once the API server has filled in what is not given. */
export function resolvePod(
  pod: PodSpec,
  change: ResourceChange,
  ranges: readonly LimitRangeObject[],
): PodSpec {
  const limits = ranges.flatMap(({ spec }) => spec.limits.filter(({ type }) => type === "Container"));
  const resolve = (container: Container, own: ResourceChange) => resolveContainer(container, own, limits);
  return {
    ...pod,
    containers: pod.containers.map((container) => resolve(container, change)),
    initContainers: pod.initContainers.map((container) => resolve(container, {})),
  };
}

export type ResourceChange = { requests?: Resources | undefined; limits?: Resources | undefined };

function resolveContainer(container: Container, change: ResourceChange, ranges: readonly Limit[]): Container {
  const { requests, limits } = container.resources;
  const defaults = (of: (range: Limit) => Amounts): Amounts =>
    Object.fromEntries(ranges.flatMap((range) => Object.entries(of(range))));
  const givenLimits = { ...limits, ...resourceAmounts(change.limits ?? {}) };
  const resources = {
    requests: {
      ...defaults((range) => range.defaultRequest),
      ...givenLimits,
      ...requests,
      ...resourceAmounts(change.requests ?? {}),
    },
    limits: { ...defaults((range) => range.default), ...givenLimits },
  };
  return { ...container, resources };
}

/**
 * What the scheduler sets aside for a pod: its containers at once, or the largest of those that come before. What the pod as a whole requests
 * is in place of that, or what it is limited to where no container says.
 */
export function requestsOf(pod: PodSpec): Size {
  const sum = sizeOf(pod, ({ resources }) => resources.requests);
  const { requests, limits } = pod.resources;
  return withOverhead(pod, new Map([...toSize(limits), ...sum, ...toSize(requests)]));
}

export function limitsOf(pod: PodSpec): Size {
  const sum = sizeOf(pod, ({ resources }) => resources.limits);
  return withOverhead(pod, new Map([...sum, ...toSize(pod.resources.limits)]));
}

function withOverhead({ overhead }: PodSpec, size: Size): Size {
  return add(size, toSize(overhead));
}

function sizeOf(pod: PodSpec, of: (container: Container) => Amounts): Size {
  let sidecars: Size = new Map();
  let largest: Size = new Map();
  for (const container of pod.initContainers) {
    const size = toSize(of(container));
    if (container.restartPolicy === "Always") sidecars = add(sidecars, size);
    largest = larger(largest, container.restartPolicy === "Always" ? sidecars : add(sidecars, size));
  }
  const running = pod.containers.reduce((sum, container) => add(sum, toSize(of(container))), sidecars);
  return larger(largest, running);
}

/** Whether the containers of two pods of one template request and are limited to the same. */
export function hasSameNeeds(one: PodSpec, other: PodSpec): boolean {
  return one.containers.every(({ resources: { requests, limits } }, index) => {
    const needs = other.containers[index]?.resources;
    return needs !== undefined && isSame(requests, needs.requests) && isSame(limits, needs.limits);
  });
}

function isSame(one: Amounts, other: Amounts): boolean {
  return [...add(toSize(one), toSize(other), -1n).values()].every((difference) => difference === 0n);
}

/** What is no quantity counts as nothing. */
export function toSize(amounts: Amounts): Size {
  return new Map(Object.entries(amounts).map(([key, text]) => [key, parseQuantity(text) ?? 0n]));
}

export function add(one: Size, other: Size, times = 1n): Size {
  return merge(one, other, (left, right) => left + right * times);
}

/** Of each resource the larger of both. */
export function larger(one: Size, other: Size): Size {
  return merge(one, other, max);
}

function merge(one: Size, other: Size, join: (left: bigint, right: bigint) => bigint): Size {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return new Map([...keys].map((key) => [key, join(one.get(key) ?? 0n, other.get(key) ?? 0n)]));
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
