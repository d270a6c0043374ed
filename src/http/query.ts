/** The query of a URL: the token apart, so that nothing that shows or checks parameters sees it. */
export type Query = {
  /** `?token=`; null where it is absent, empty or given twice. */
  token: string | null;
  params: Readonly<Record<string, string>>;
  /** Names that are given more than once: which of the values counts would be a guess. */
  repeated: readonly string[];
};

const EMPTY: Query = { token: null, params: {}, repeated: [] };

/** Reads the query of a request target such as `/scale/web?dryRun=true`. */
export function parseQuery(target: string): Query {
  const start = target.indexOf("?");
  if (start === -1) return EMPTY;
  // No prototype: `?__proto__=` is a name like any other here.
  const params: Record<string, string> = Object.create(null);
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
    if (name in params) repeated.add(name);
    params[name] = value;
  }
  const token = repeated.has("token") || params.token === "" ? null : (params.token ?? null);
  delete params.token;
  repeated.delete("token");
  return { token, params, repeated: [...repeated] };
}
