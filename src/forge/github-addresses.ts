/** The two addresses of one GitHub, both without a `/` at the end. */
export type GitHubAddresses = {
  /** What people look at: `https://github.com`. */
  serverUrl: string;
  /** REST: `https://api.github.com`, or `https://<server>/api/v3`. */
  apiUrl: string;
};

/** Of the API's address, as GITHUB_API_URL has it. */
export function addressesOfApi(apiUrl: string): GitHubAddresses {
  const url = new URL(apiUrl);
  const api = `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, "");
  // A server of one's own may be called so too, and has its API below a path.
  if (url.hostname.startsWith("api.") && url.pathname === "/")
    return { serverUrl: `${url.protocol}//${url.host.slice("api.".length)}`, apiUrl: api };
  return { serverUrl: api.replace(/\/api\/v3$/, ""), apiUrl: api };
}

/** Of the address that people look at: github.com, a subdomain of ghe.com, or a server of one's own. */
export function addressesOfServer(serverUrl: string): GitHubAddresses {
  const url = new URL(serverUrl);
  const server = `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, "");
  const isHosted = url.hostname === "github.com" || url.hostname.endsWith(".ghe.com");
  return { serverUrl: server, apiUrl: isHosted ? `${url.protocol}//api.${url.host}` : `${server}/api/v3` };
}
