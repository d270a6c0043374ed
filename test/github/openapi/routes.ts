import { type DescribedOperation, listOperations, parametersOf } from "./description.ts";

export interface Route extends DescribedOperation {
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

export interface RouteMatch {
  readonly route: Route;
  readonly path: Record<string, string>;
}

let routes: ReadonlyMap<string, readonly Route[]> | undefined;

/** The described operation that a request is for; the most literal path wins, as on GitHub. */
export function matchRoute(method: string, path: string): RouteMatch | null {
  routes ??= compileRoutes();
  for (const route of routes.get(method) ?? []) {
    const match = route.pattern.exec(path);
    if (match === null) continue;
    const values = route.names.map(
      (name, index) => [name, decodeURIComponent(match[index + 1] ?? "")] as const,
    );
    return { route, path: Object.fromEntries(values) };
  }
  return null;
}

function compileRoutes(): Map<string, Route[]> {
  const byMethod = new Map<string, Route[]>();
  for (const described of listOperations()) {
    // The old form of the same path, which would win over `{basehead}`.
    if (described.operation.operationId === "repos/compare-commits") continue;
    const list = byMethod.get(described.method) ?? [];
    list.push(compileRoute(described));
    byMethod.set(described.method, list);
  }
  for (const list of byMethod.values()) list.sort((one, other) => literalLength(other) - literalLength(one));
  return byMethod;
}

function compileRoute(described: DescribedOperation): Route {
  const many = new Set(
    parametersOf(described.operation)
      .filter((parameter) => parameter["x-multi-segment"] === true || multiSegment.has(parameter.name))
      .map((parameter) => parameter.name),
  );
  const names: string[] = [];
  const source = described.path.replace(/[.]/g, "\\.").replace(/\{([^}]+)\}/g, (_, name: string) => {
    names.push(name);
    return many.has(name) ? "(.*)" : "([^/]+)";
  });
  // `contents/{path}` is asked for without the last slash where it means the root.
  return {
    ...described,
    names,
    pattern: new RegExp(`^${source.replace(/(\/contents)\/\(\.\*\)$/, "$1(?:/(.*))?")}$`),
  };
}

// These hold slashes on github.com too, where the description does not say so.
const multiSegment = new Set(["basehead", "branch", "path", "ref"]);

function literalLength(route: Route): number {
  return route.path.replace(/\{[^}]+\}/g, "").length;
}
