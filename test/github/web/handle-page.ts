import type { Answer } from "../http/answer.ts";
import type { World } from "../world.ts";
import { confirmApp, offerApp } from "./app-pages.ts";
import { confirmInstallation, offerInstallation } from "./installation-pages.ts";
import { redirect, textPage } from "./page.ts";
import type { PageCall } from "./page-call.ts";

type PageHandler = (world: World, call: PageCall, name: string) => Answer | Promise<Answer>;

const pages: readonly { readonly method: string; readonly path: RegExp; readonly handle: PageHandler }[] = [
  { method: "POST", path: /^\/settings\/apps\/new$/, handle: offerApp },
  { method: "POST", path: /^\/organizations\/([^/]+)\/settings\/apps\/new$/, handle: offerApp },
  { method: "POST", path: /^\/settings\/apps$/, handle: confirmApp },
  { method: "POST", path: /^\/organizations\/([^/]+)\/settings\/apps$/, handle: confirmApp },
  { method: "GET", path: /^\/apps\/([^/]+)\/installations\/new$/, handle: offerInstallation },
  { method: "POST", path: /^\/apps\/([^/]+)\/installations$/, handle: confirmInstallation },
  { method: "GET", path: /^\/login$/, handle: () => textPage(200, "Sign in to GitHub", []) },
];

/** Whether a path is one of the few pages that there are. */
export function isPage(method: string, path: string): boolean {
  return pages.some((page) => page.method === method && page.path.test(path));
}

/** A page for people, who are known by their cookie; without one they are asked to sign in. */
export async function handlePage(world: World, call: PageCall): Promise<Answer> {
  for (const page of pages) {
    const match = page.method === call.method ? page.path.exec(call.path) : null;
    if (match === null) continue;
    if (call.viewer === null && call.path !== "/login")
      return redirect(`${world.baseUrl}/login?return_to=${encodeURIComponent(world.baseUrl + call.path)}`);
    return page.handle(world, call, decodeURIComponent(match[1] ?? ""));
  }
  return textPage(404, "Page not found", []);
}
