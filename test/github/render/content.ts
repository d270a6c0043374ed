import type { TreeEntry } from "../git/parse-tree.ts";
import { fullName, type Repository, type World } from "../world.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";

/** Above this GitHub gives no content in JSON. */
const mostContentBytes = 1_048_576;

/** The `content-file`, or without `content` the entry of a directory. */
export function renderContent(
  world: World,
  repository: Repository,
  ref: string,
  path: string,
  entry: TreeEntry,
  content: Buffer | null,
) {
  const base = repositoryUrl(world, repository);
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${base}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const git = entry.type === "commit" ? null : `${base}/git/${entry.type}s/${entry.oid}`;
  const kind = entry.type === "tree" ? "tree" : "blob";
  const html = `${repositoryPage(world, repository)}/${kind}/${ref}/${encoded}`;
  return {
    name: entry.name,
    path,
    sha: entry.oid,
    size: content?.length ?? 0,
    url,
    html_url: html,
    git_url: git,
    download_url:
      entry.type === "blob" ? `${world.baseUrl}/raw/${fullName(repository)}/${ref}/${encoded}` : null,
    type: { tree: "dir", commit: "submodule", blob: "file" }[entry.type],
    _links: { self: url, git, html },
    ...(content === null
      ? {}
      : content.length > mostContentBytes
        ? { content: "", encoding: "none" }
        : { content: wrapBase64(content), encoding: "base64" }),
  };
}

/** As GitHub sends it: 60 characters a line. */
export function wrapBase64(content: Buffer): string {
  return content
    .toString("base64")
    .replace(/(.{60})/g, "$1\n")
    .replace(/([^\n])$/, "$1\n");
}
