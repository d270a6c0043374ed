import { createHash } from "node:crypto";
import { entryPath, formatEntry } from "../../src/ledger/entry.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "../forge/app-permissions.ts";
import { startGitHub } from "../github/start-github.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

const WEBHOOK_SECRET = "the-apps-own-webhook-secret";

export type HeldWorldSize = { readonly stacks: number; readonly pools: number };

/** A repository with many published stacks on the stand-in, and one pool whose next step has to wait for its cooldown. */
export async function openHeldWorld({ stacks, pools }: HeldWorldSize) {
  const github = await startGitHub();
  const issuer = await startOidcIssuer();
  const stop = async () => {
    await github.stop();
    await issuer.stop();
  };
  try {
    const names = Array.from({ length: stacks }, (_, index) => `s${index}`);
    const poolNames = Array.from({ length: pools - 1 }, (_, index) => `pool${index}`);
    // In the middle of everything: neither the first that is looked at nor the last.
    const stack = names[Math.floor(stacks / 2)] ?? "";
    poolNames.splice(Math.floor(pools / 2), 0, "web");
    const tokens = names.map((name) => `the-webhook-secret-of-the-stack-${name}`);
    const hashes = tokens.map((token) => createHash("sha256").update(token).digest("hex"));

    const values = poolNames.map((pool) => `  shop:${pool}Count: ${pool === "web" ? 3 : 2}\n`);
    const text = `# scaled by alerts\nconfig:\n${values.join("")}`;
    github.createOrganization("acme");
    github.createUser("alice");
    await github.createRepository({
      owner: "acme",
      name: "infra",
      files: {
        "Pulumi.yaml": "name: shop\nruntime: yaml\n",
        ...Object.fromEntries(names.map((name) => [`Pulumi.${name}.yaml`, text])),
      },
    });
    github.addCollaborator("acme/infra", "alice", "write");
    await github.commit("acme/infra", {
      message: "four web servers for now",
      login: "alice",
      files: { [`Pulumi.${stack}.yaml`]: text.replace("webCount: 3", "webCount: 4") },
    });
    const rules = { strategy: "incremental", min: 1, max: 10, cooldown: 86_400 };
    const contract = Object.fromEntries(
      poolNames.map((pool) => [pool, { ...rules, targetUrn: `urn:${pool}`, configKey: `${pool}Count` }]),
    );
    const applied = Object.fromEntries(poolNames.map((pool) => [pool, pool === "web" ? 4 : 2]));
    const run = deployRun(await createGitHubHost(github).findRepository("acme/infra"));
    const entries = await Promise.all(
      names.map(async (stack, index) => {
        const tokenHashes = hashes.slice(index, index + 1);
        const entry = ledgerEntry({ stack, pools: contract, applied, tokenHashes });
        return [entryPath(`shop.${stack}`), formatEntry(await attestedEntry(issuer, run, entry))];
      }),
    );
    await github.commit("acme/infra", {
      branch: "pulumiscale",
      message: "publish",
      login: "alice",
      files: Object.fromEntries(entries),
    });
    const app = await github.createApp({
      permissions: APP_PERMISSIONS,
      events: APP_EVENTS,
      webhookSecret: WEBHOOK_SECRET,
    });
    github.installApp(app, "acme", "all");
    return {
      token: tokens[names.indexOf(stack)] ?? "",
      hashes,
      /** For `pulumiscale app`, with the held pool's stack as the default one. */
      environment: {
        APP_ID: String(app.appId),
        PRIVATE_KEY: app.privateKey,
        WEBHOOK_SECRET,
        GITHUB_API_URL: github.apiUrl,
        PULUMISCALE_OIDC_ISSUER: issuer.url,
        HOST: "127.0.0.1",
        PORT: "0",
        PULUMISCALE_DEFAULT_STACK: `acme/infra/shop.${stack}`,
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
