import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  // Nobody listens: what counts is what would be sent.
  scene = await startOctoInfra({ webhookUrl: "http://127.0.0.1:9/" });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function sent(): string[] {
  return scene.github.webhookDeliveries.map(({ event, action }) =>
    action === null ? event : `${event}.${action}`,
  );
}

function read(octokit = scene.octokit) {
  return octokit.rest.repos.get(scene.repo);
}

test("a suspended App may do nothing and hears nothing, until it may again", async () => {
  await read();
  scene.installation.suspend();
  expect(await refusal(read())).toBe("403 This installation has been suspended");
  const graphql = scene.octokit.graphql("{ viewer { login } }");
  expect(await refusal(graphql)).toBe("403 This installation has been suspended");
  const token = scene.octokit.rest.apps.createInstallationAccessToken({
    installation_id: scene.installationId,
  });
  expect(await refusal(token)).toContain("403 This installation has been suspended");
  const before = sent().length;
  await scene.github.commit("octo/infra", { message: "unheard", files: { a: "a" } });
  expect(sent().slice(before - 1)).toEqual(["installation.suspend"]);
  const { data } = await scene.octokit.rest.apps.getInstallation({ installation_id: scene.installationId });
  expect(data.suspended_by?.login).toBe("octo");
  scene.installation.unsuspend();
  await read();
  await scene.github.commit("octo/infra", { message: "heard", files: { b: "b" } });
  expect(sent().slice(before)).toEqual(["installation.unsuspend", "push", "check_suite.requested"]);
});

test("an App that is taken off loses its tokens, and its installation is not found", async () => {
  const octokit = octokitOf(scene.github, scene.installation.issueToken());
  await read(octokit);
  scene.installation.uninstall();
  expect(sent().at(-1)).toBe("installation.deleted");
  expect(await refusal(read(octokit))).toBe("401 Bad credentials");
  const { apps } = scene.octokit.rest;
  expect(await refusal(apps.getInstallation({ installation_id: scene.installationId }))).toBe(
    "404 Not Found",
  );
  const token = apps.createInstallationAccessToken({ installation_id: scene.installationId });
  expect(await refusal(token)).toBe("404 Not Found");
});

test("an App may suspend and remove its own installations", async () => {
  const { apps } = scene.octokit.rest;
  const own = { installation_id: scene.installationId };
  await apps.suspendInstallation(own);
  expect(await refusal(read())).toBe("403 This installation has been suspended");
  await apps.unsuspendInstallation(own);
  await read();
  await apps.deleteInstallation(own);
  expect(await refusal(apps.getInstallation(own))).toBe("404 Not Found");
  expect(sent().filter((event) => event.startsWith("installation."))).toEqual([
    "installation.created",
    "installation.suspend",
    "installation.unsuspend",
    "installation.deleted",
  ]);
});
