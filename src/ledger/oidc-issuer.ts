/**
 * The OIDC issuer of GitHub Actions, as its tokens name it, of the GitHub whose API is at `apiUrl`.
 *
 * https://docs.github.com/actions/reference/security/oidc
 */
export function oidcIssuerOf(apiUrl: string): string {
  const { origin, hostname } = new URL(apiUrl);
  if (hostname === "api.github.com") return "https://token.actions.githubusercontent.com";
  const subdomain = /^api\.([a-z0-9-]+)\.ghe\.com$/.exec(hostname)?.[1];
  if (subdomain !== undefined) return `https://token.actions.${subdomain}.ghe.com`;
  return `${origin}/_services/token`;
}
