import type { operations } from "@octokit/openapi-types";
import type { Caller } from "../auth/caller.ts";
import type { OperationId } from "../openapi/description.ts";
import type { Account, Repository, World } from "../world.ts";

/** A request whose parameters and body GitHub's description allows. */
export interface RestRequest<Id extends OperationId> {
  readonly world: World;
  readonly caller: Caller;
  readonly path: PathOf<Id>;
  readonly query: QueryOf<Id>;
  /** The query as it was sent, without the description's defaults. */
  readonly asked: URLSearchParams;
  readonly body: BodyOf<Id>;
  readonly accept: string;
  /** The repository that the path names; reading it throws where the path names none. */
  readonly repository: Repository;
  /** In whose name the caller acts; reading it throws for one that has none. */
  readonly actor: Account;
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole of a list, of which the dispatcher answers the page that was asked for. */
  readonly list?: PagedList;
  /** Sent as it is, with this content type, and not validated (diffs, raw files). */
  readonly raw?: { readonly contentType: string; readonly content: string | Buffer };
}

export interface PagedList {
  readonly items: readonly unknown[];
  /** Puts a page into the answer's shape, where it isn't the bare list. */
  readonly wrap?: (page: unknown[], total: number) => unknown;
}

export type RestHandler<Id extends OperationId> = (
  request: RestRequest<Id>,
) => RestAnswer | Promise<RestAnswer>;

/** Some of GitHub's operations, by their id. */
export type RestHandlers = { readonly [Id in OperationId]?: RestHandler<Id> };

export function list<Item>(
  items: readonly Item[],
  render: (item: Item) => unknown,
  wrap?: PagedList["wrap"],
): RestAnswer {
  const lazy: PagedList = { items: items.map((item) => () => render(item)) };
  return { status: 200, list: wrap === undefined ? lazy : { ...lazy, wrap } };
}

type PathOf<Id extends OperationId> = operations[Id] extends { parameters: { path: infer Path } }
  ? Path
  : never;
type QueryOf<Id extends OperationId> = operations[Id] extends { parameters: { query?: infer Query } }
  ? NonNullable<Query>
  : never;
type BodyOf<Id extends OperationId> = operations[Id] extends {
  requestBody?: { content: { "application/json": infer Body } };
}
  ? NonNullable<Body>
  : never;
