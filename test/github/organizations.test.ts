import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
const repo = { owner: "acme", repo: "infra" };

beforeEach(async () => {
  scene = await startOctoInfra();
  const { github } = scene;
  github.createOrganization("acme");
  for (const login of ["ann", "bob", "cid", "dan", "eve"]) github.createUser(login);
  await github.createRepository({ owner: "acme", name: "infra", files: { a: "a" } });
  github.addMember("acme", "ann", "admin");
  github.addMember("acme", "dan");
  github.createTeam("acme", "ops", ["bob"], ["cid"]);
  github.addTeamToRepository("acme/infra", "ops", "maintain");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

async function installed(slug: string, permissions: Record<string, "read" | "write">) {
  const app = await scene.github.createApp({
    slug,
    permissions,
    events: ["issue_comment"],
    webhookUrl: "http://127.0.0.1:9/",
  });
  return octokitOf(scene.github, scene.github.installApp(app, "acme", "all").issueToken());
}

test("the highest of what a person, their team and the organization give is their role", async () => {
  const { github } = scene;
  const octokit = await installed("reader", { metadata: "read" });
  const roleOf = async (username: string) => {
    const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({ ...repo, username });
    return `${data.permission} ${data.role_name}`;
  };
  expect(await roleOf("ann")).toBe("admin admin");
  expect(await roleOf("bob")).toBe("write maintain");
  expect(await roleOf("dan")).toBe("read read");
  expect(await roleOf("eve")).toBe("none none");
  github.setBasePermission("acme", null);
  expect(await roleOf("dan")).toBe("none none");
  github.addCollaborator("acme/infra", "eve", "triage");
  github.addCollaborator("acme/infra", "bob", "read");
  expect(await roleOf("eve")).toBe("read triage");
  expect(await roleOf("bob")).toBe("write maintain");
  github.removeFromTeam("acme", "ops", "bob");
  expect(await roleOf("bob")).toBe("read read");
  expect(await refusal(roleOf("scaler[bot]"))).toBe("404 scaler[bot] is not a user");
  expect(await refusal(roleOf("nobody"))).toBe("404 Not Found");
});

test("teams are read with the permission for members alone", async () => {
  const { teams, orgs } = (await installed("asker", { metadata: "read", members: "read" })).rest;
  const ops = { org: "acme", team_slug: "ops" };
  const of = async (username: string) => (await teams.getMembershipForUserInOrg({ ...ops, username })).data;
  expect(await of("bob")).toMatchObject({ role: "member", state: "active" });
  expect(await of("Cid")).toMatchObject({ role: "maintainer", state: "active" });
  expect(await refusal(of("ann"))).toBe("404 Not Found");
  const listed = async (role: "member" | "maintainer" | "all") =>
    (await teams.listMembersInOrg({ ...ops, role })).data.map(({ login }) => login);
  expect(await listed("all")).toEqual(["bob", "cid"]);
  expect(await listed("maintainer")).toEqual(["cid"]);
  expect((await teams.list({ org: "acme" })).data.map(({ slug }) => slug)).toEqual(["ops"]);
  expect((await teams.getByName(ops)).data).toMatchObject({ slug: "ops", members_count: 2 });
  expect(await refusal(teams.getByName({ org: "acme", team_slug: "none" }))).toBe("404 Not Found");
  expect((await orgs.checkMembershipForUser({ org: "acme", username: "dan" })).status).toBe(204);
  expect(await refusal(orgs.checkMembershipForUser({ org: "acme", username: "eve" }))).toBe("404 Not Found");

  const without = await installed("without", { metadata: "read" });
  const refused = without.rest.teams.listMembersInOrg(ops);
  expect(await refusal(refused)).toBe("403 Resource not accessible by integration");
  const app = await scene.github.createApp({
    slug: "elsewhere",
    permissions: { members: "read" },
    events: [],
  });
  const elsewhere = octokitOf(scene.github, scene.github.installApp(app, "octo", "all").issueToken());
  expect(await refusal(elsewhere.rest.teams.listMembersInOrg(ops))).toBe(
    "403 Resource not accessible by integration",
  );
  const as = (login: string) => octokitOf(scene.github, scene.github.issueToken({ kind: "user", login }));
  expect((await as("dan").rest.teams.listMembersInOrg(ops)).data).toHaveLength(2);
  expect(await refusal(as("eve").rest.teams.listMembersInOrg(ops))).toBe("404 Not Found");
  expect(await refusal(as("octo").rest.teams.list({ org: "octo" }))).toBe("404 Not Found");
});

test("what happens in an organization's repository names it, and who is a member", async () => {
  const { github } = scene;
  await installed("hearer", { issues: "read" });
  github.addCollaborator("acme/infra", "eve", "write");
  const number = await github.openIssue("acme/infra", { author: "ann", title: "Slow" });
  await github.comment("acme/infra", number, { author: "bob", body: "/scale 3" });
  await github.comment("acme/infra", number, { author: "eve", body: "/scale 4" });
  const told = github.webhookDeliveries.filter(({ event }) => event === "issue_comment");
  expect(told.map(({ request }) => JSON.parse(request.payload))).toMatchObject([
    { organization: { login: "acme" }, comment: { author_association: "MEMBER" } },
    { organization: { login: "acme" }, comment: { author_association: "COLLABORATOR" } },
  ]);
});
