import { createPrivateKey } from "node:crypto";
import { createAppAuth } from "@octokit/auth-app";
import type { Octokit } from "@octokit/rest";
import { importPKCS8, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, quietOctokit, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let clockMs: number;

beforeEach(async () => {
  clockMs = Date.now();
  scene = await startOctoInfra({ options: { credentialNow: () => new Date(clockMs) } });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

async function jwt(claims: { iss?: string; iat?: number; exp?: number }): Promise<string> {
  const key = await importPKCS8(
    createPrivateKey(scene.app.privateKey).export({ type: "pkcs8", format: "pem" }).toString(),
    "RS256",
  );
  const nowSeconds = Math.floor(clockMs / 1000);
  return new SignJWT({ iat: nowSeconds - 30, exp: nowSeconds + 300, iss: String(scene.app.appId), ...claims })
    .setProtectedHeader({ alg: "RS256" })
    .sign(key);
}

const getApp = (token: string) => refusal(octokitOf(scene.github, token).rest.apps.getAuthenticated());

test("an App's JWT is verified: its key, its times, its issuer", async () => {
  const nowSeconds = Math.floor(clockMs / 1000);
  const good = await octokitOf(scene.github, await jwt({})).rest.apps.getAuthenticated();
  expect(good.data?.id).toBe(scene.app.appId);
  const byClientId = await octokitOf(
    scene.github,
    await jwt({ iss: scene.app.clientId }),
  ).rest.apps.getAuthenticated();
  expect(byClientId.data?.slug).toBe("scaler");
  expect(await getApp(await jwt({ exp: nowSeconds - 1 }))).toMatch(
    /^401 'Expiration time' claim \('exp'\) must be/,
  );
  expect(await getApp(await jwt({ exp: nowSeconds + 700 }))).toMatch(/^401 .* too far in the future/);
  expect(await getApp(await jwt({ iat: nowSeconds + 60 }))).toMatch(/^401 'Issued at' claim/);
  expect(await getApp(await jwt({ iss: "7" }))).toBe("404 Integration not found");
  const other = await scene.github.createApp({ slug: "other", permissions: {}, events: [] });
  const [header, payload] = (await jwt({ iss: String(other.appId) })).split(".");
  const [, , signature] = (await jwt({})).split(".");
  expect(await getApp(`${header}.${payload}.${signature}`)).toBe("401 A JSON web token could not be decoded");
});

test("an installation's token is scoped, and lasts an hour", async () => {
  await scene.github.createRepository({ owner: "octo", name: "secret", files: { a: "a" } });
  const app = octokitOf(scene.github, await jwt({}));
  const found = await app.rest.apps.getRepoInstallation(scene.repo);
  expect(found.data.id).toBe(scene.installationId);
  expect((await app.rest.apps.listInstallations()).data.map(({ id }) => id)).toEqual([scene.installationId]);
  const { data } = await app.rest.apps.createInstallationAccessToken({
    installation_id: scene.installationId,
    repositories: ["infra"],
    permissions: { contents: "read" },
  });
  expect(new Date(data.expires_at).getTime()).toBeCloseTo(clockMs + 3_600_000, -4);
  const scoped = octokitOf(scene.github, data.token);
  expect((await scoped.rest.repos.get(scene.repo)).status).toBe(200);
  expect(await refusal(scoped.rest.repos.get({ owner: "octo", repo: "secret" }))).toBe("404 Not Found");
  const reachable = await scoped.rest.apps.listReposAccessibleToInstallation();
  expect(reachable.data.repositories.map(({ name }) => name)).toEqual(["infra"]);
  const write = scoped.rest.git.createBlob({ ...scene.repo, content: "x" });
  expect(await refusal(write)).toBe("403 Resource not accessible by integration");
  expect(await refusal(scoped.rest.pulls.list(scene.repo))).toBe(
    "403 Resource not accessible by integration",
  );
  clockMs += 3_600_001;
  expect(await refusal(scoped.rest.repos.get(scene.repo))).toBe("401 Bad credentials");
});

test("a token asks for no more than its installation has", async () => {
  const app = octokitOf(scene.github, await jwt({}));
  const ask = (more: object) =>
    refusal(app.rest.apps.createInstallationAccessToken({ installation_id: scene.installationId, ...more }));
  expect(await ask({ permissions: { administration: "write" } })).toBe(
    "422 The permissions requested are not granted to this installation.",
  );
  expect(await ask({ repositories: ["nowhere"] })).toContain(
    "422 There is at least one repository that does not exist",
  );
  expect(await ask({ installation_id: 7 })).toBe("404 Not Found");
});

test("a refusal tells what permission it wants", async () => {
  const token = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "read" },
  });
  const response = await fetch(`${scene.github.apiUrl}/repos/octo/infra/statuses/${"1".repeat(40)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ state: "success" }),
  });
  expect(response.status).toBe(403);
  expect(response.headers.get("x-accepted-github-permissions")).toBe("statuses=write");
});

test("people act by their role, and strangers do not know a private repository", async () => {
  for (const [login, role] of [
    ["reader", "read"],
    ["triager", "triage"],
    ["writer", "write"],
  ] as const) {
    scene.github.createUser(login);
    scene.github.addCollaborator("octo/infra", login, role);
  }
  scene.github.createUser("stranger");
  const as = (login: string) => octokitOf(scene.github, scene.github.issueToken({ kind: "user", login }));
  await scene.octo.rest.issues.create({ ...scene.repo, title: "t" });
  const write = (login: string) => as(login).rest.git.createBlob({ ...scene.repo, content: "x" });
  const label = (login: string) =>
    as(login).rest.issues.addLabels({ ...scene.repo, issue_number: 1, labels: ["l"] });
  expect(await refusal(as("stranger").rest.repos.get(scene.repo))).toBe("404 Not Found");
  expect((await as("reader").rest.repos.get(scene.repo)).data.permissions?.push).toBe(false);
  expect(await refusal(write("reader"))).toBe("403 Must have write access to Repository.");
  expect(await refusal(label("reader"))).toContain("403");
  expect((await label("triager")).status).toBe(200);
  expect(await refusal(write("triager"))).toContain("403");
  expect((await write("writer")).status).toBe(201);
});

test("a public repository is read by anyone and written by none of them", async () => {
  await scene.github.createRepository({ owner: "octo", name: "open", private: false, files: { a: "a" } });
  const anyone = quietOctokit({ baseUrl: scene.github.url });
  const open = { owner: "octo", repo: "open" };
  expect((await anyone.rest.repos.get(open)).data.visibility).toBe("public");
  expect(await refusal(anyone.rest.git.createBlob({ ...open, content: "x" }))).toBe(
    "401 Requires authentication",
  );
  expect(await refusal(anyone.rest.repos.get(scene.repo))).toBe("404 Not Found");
});

test("an archived repository is read only", async () => {
  scene.github.changeSettings("octo/infra", { archived: true });
  const write = scene.octokit.rest.git.createBlob({ ...scene.repo, content: "x" });
  expect(await refusal(write)).toBe("403 Repository was archived so is read-only.");
});

test("workflow files want a permission of their own", async () => {
  const content = Buffer.from("on: push\n").toString("base64");
  const put = (octokit: Octokit) =>
    octokit.rest.repos.createOrUpdateFileContents({
      ...scene.repo,
      path: ".github/workflows/deploy.yml",
      message: "deploy",
      content,
    });
  expect(await refusal(put(scene.octokit))).toContain("without `workflows` permission");
  const allowed = await scene.github.createApp({
    slug: "allowed",
    permissions: { contents: "write", workflows: "write" },
    events: [],
  });
  const { installationId } = scene.github.installApp(allowed, "octo", ["infra"]);
  const auth = { appId: allowed.appId, privateKey: allowed.privateKey, installationId };
  const octokit = quietOctokit({ baseUrl: scene.github.apiUrl, authStrategy: createAppAuth, auth });
  expect((await put(octokit)).status).toBe(201);
});

test("protected branches refuse what does not come through a pull request", async () => {
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1 });
  const content = Buffer.from("x").toString("base64");
  const put = scene.octokit.rest.repos.createOrUpdateFileContents({
    ...scene.repo,
    path: "x",
    message: "x",
    content,
  });
  expect(await refusal(put)).toContain("Protected branch update failed for refs/heads/main");
  // The owner may, as the branch does not bind admins.
  await scene.github.commit("octo/infra", { message: "admin", files: { y: "y" } });
  expect(await refusal(scene.octokit.rest.git.deleteRef({ ...scene.repo, ref: "heads/main" }))).toContain(
    "422",
  );
});
