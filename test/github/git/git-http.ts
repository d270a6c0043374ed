import { relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { runGit } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";

export interface GitHttpRequest {
  readonly method: string;
  /** What follows the repository: `/info/refs`, `/git-upload-pack`, `/git-receive-pack`. */
  readonly service: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly user: string;
  /** Refs that must not move, with the lines that git shows. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  /** Set: a push that touches a workflow file is refused with this. */
  readonly forbidWorkflows: string | null;
}

export interface GitHttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Lets `git http-backend` answer. */
export async function serveGit(
  git: GitRepository,
  root: string,
  request: GitHttpRequest,
): Promise<GitHttpAnswer> {
  const header = (name: string): string => String(request.headers[name] ?? "");
  const output = await runGit(root, ["http-backend"], {
    stdin: request.body,
    env: {
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${relative(root, git.directory)}${request.service}`,
      QUERY_STRING: request.query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: String(request.body.length),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
      REMOTE_USER: request.user,
      REMOTE_ADDR: "127.0.0.1",
      STAND_IN_REFUSED: [...request.refused]
        .map(([ref, lines]) => `${ref}\t${lines.join("\x1d")}\n`)
        .join(""),
      STAND_IN_FORBID_WORKFLOWS: request.forbidWorkflows ?? "",
    },
  });
  return parseCgi(output);
}

/** The refs that a push wants to move, and where to; empty for anything else. */
export function parsePushCommands(body: Buffer, encoding: string): { ref: string; after: string }[] {
  const raw = encoding === "gzip" ? gunzipSync(body) : body;
  const commands: { ref: string; after: string }[] = [];
  for (let at = 0; at + 4 <= raw.length; ) {
    const length = Number.parseInt(raw.toString("latin1", at, at + 4), 16);
    if (!(length > 4)) break;
    const line = raw.toString("utf8", at + 4, at + length);
    const [, after, ref] = /^[0-9a-f]{40} ([0-9a-f]{40}) ([^\0\n]+)/.exec(line) ?? [];
    if (after !== undefined && ref !== undefined) commands.push({ ref, after });
    at += length;
  }
  return commands;
}

/** Runs in the repository for each ref of a push; told by the environment what to refuse. */
export const updateHook = `#!/bin/sh
# update <ref> <before> <after>
printf '%s' "$STAND_IN_REFUSED" | while IFS="$(printf '\\t')" read -r ref reason; do
  if [ "$ref" = "$1" ]; then
    printf '%s\\n' "$reason" | tr '\\035' '\\n' >&2
    exit 1
  fi
done || exit 1
case "$3" in *[!0]*) ;; *) exit 0 ;; esac
if [ -n "$STAND_IN_FORBID_WORKFLOWS" ]; then
  case "$2" in *[!0]*) before="$2" ;; *) before="$(git merge-base HEAD "$3" || git hash-object -t tree /dev/null)" ;; esac
  if ! git diff-tree --quiet -r "$before" "$3" -- .github/workflows; then
    echo "error: $STAND_IN_FORBID_WORKFLOWS" >&2
    exit 1
  fi
fi
`;

function parseCgi(output: Buffer): GitHttpAnswer {
  const end = output.indexOf("\r\n\r\n");
  const head = output.toString("latin1", 0, end === -1 ? output.length : end);
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of head.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon === -1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers, body: end === -1 ? Buffer.alloc(0) : output.subarray(end + 4) };
}
