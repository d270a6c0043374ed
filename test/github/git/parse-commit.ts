export interface GitIdentity {
  readonly name: string;
  readonly email: string;
  readonly date: Date;
}

export interface GitCommit {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: GitIdentity;
  readonly committer: GitIdentity;
  readonly message: string;
}

/** Parses the raw content of a commit object. */
export function parseCommit(oid: string, raw: string): GitCommit {
  const headerEnd = raw.indexOf("\n\n");
  const header = headerEnd === -1 ? raw : raw.slice(0, headerEnd);
  const field = (name: string): string[] =>
    header
      .split("\n")
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  return {
    oid,
    tree: field("tree")[0] ?? "",
    parents: field("parent"),
    author: parseIdentity(field("author")[0] ?? ""),
    committer: parseIdentity(field("committer")[0] ?? ""),
    // git ends a message with a newline that GitHub does not show.
    message: headerEnd === -1 ? "" : raw.slice(headerEnd + 2).replace(/\n+$/, ""),
  };
}

function parseIdentity(line: string): GitIdentity {
  const [, name = "", email = "", seconds = "0"] = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line) ?? [];
  return { name, email, date: new Date(Number(seconds) * 1000) };
}
