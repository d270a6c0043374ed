/**
 * Whether a URN is meant by one of the target URNs. Pulumi's own rule: `*` stands for anything but a colon, `**` for
 * anything, all else for itself.
 *
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/deployment.go (UrnTargets)
 */
export function matchesUrn(targets: readonly string[], urn: string): boolean {
  return targets.some((target) => (isUrnGlob(target) ? matchesGlob(target, urn) : target === urn));
}

/** Whether a target URN stands for any number of resources, none included. */
export function isUrnGlob(target: string): boolean {
  return target.includes("*");
}

/**
 * Follows all ways through the glob at once, in steps of at most glob × URN: as a regular expression, ten `**` in a long glob
 * would take a URN's length to the power of ten.
 */
function matchesGlob(glob: string, urn: string): boolean {
  const steps = glob.match(/\*\*?|[^*]/gu) ?? [];
  let open = skipWildcards(new Set([0]), steps);
  for (const character of urn) {
    const next = new Set<number>();
    for (const at of open) {
      const step = steps[at];
      if (step === "**" || (step === "*" && character !== ":")) next.add(at);
      else if (step === character) next.add(at + 1);
    }
    open = skipWildcards(next, steps);
  }
  return open.has(steps.length);
}

/** A wildcard may stand for nothing. */
function skipWildcards(positions: Set<number>, steps: readonly string[]): Set<number> {
  // A set yields what is added to it on the way.
  for (const at of positions) if (steps[at]?.startsWith("*")) positions.add(at + 1);
  return positions;
}
