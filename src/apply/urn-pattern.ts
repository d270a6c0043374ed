/**
 * Whether a URN is meant by one of the target URNs. Pulumi's own rule: `*` stands for anything but a colon, `**` for
 * anything, all else for itself.
 *
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/deployment.go (UrnTargets)
 */
export function matchesUrn(targets: readonly string[], urn: string): boolean {
  return targets.some((target) => (isUrnGlob(target) ? globToRegExp(target).test(urn) : target === urn));
}

/** Whether a target URN stands for any number of resources, none included. */
export function isUrnGlob(target: string): boolean {
  return target.includes("*");
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.split("**").map((segment) =>
    segment
      .split("*")
      .map((text) => text.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"))
      .join("[^:]*"),
  );
  return new RegExp(`^${parts.join(".*")}$`);
}
