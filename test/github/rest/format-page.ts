import type { World } from "../world.ts";
import type { PagedList } from "./operation.ts";

interface PageRequest {
  readonly match: {
    readonly path: Readonly<Record<string, string>>;
    readonly route: { readonly path: string };
  };
  readonly query: URLSearchParams;
}

/** One page of a list, with the Link header that leads to the others. */
export function formatPage(
  world: World,
  request: PageRequest,
  list: PagedList,
): { body: unknown; headers: Record<string, string> } {
  const perPage = clamp(Number(request.query.get("per_page") ?? 30), 1, 100);
  const page = Math.max(1, Number(request.query.get("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(list.items.length / perPage));
  const items = list.items
    .slice((page - 1) * perPage, page * perPage)
    .map((item) => (typeof item === "function" ? item() : item));
  const link = (number: number, relation: string): string => {
    const query = new URLSearchParams(request.query);
    query.set("page", String(number));
    return `<${world.baseUrl}/api/v3${fillPath(request)}?${query}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
    ...(page > 1 ? [link(1, "first")] : []),
  ];
  return {
    body: list.wrap === undefined ? items : list.wrap(items, list.items.length),
    headers: links.length === 0 ? {} : { link: links.join(", ") },
  };
}

/** The path of a request, its names filled in. */
export function fillPath({ match }: PageRequest): string {
  return match.route.path.replace(/\{([^}]+)\}/g, (_, name: string) =>
    (match.path[name] ?? "").split("/").map(encodeURIComponent).join("/"),
  );
}

function clamp(value: number, min: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : max;
}
