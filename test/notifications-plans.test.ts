import { expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { REPO, startCommandWorld } from "./support/command-world.ts";
import { infraScale, makeFolder } from "./support/infra-scale-world.ts";
import { FILE, startTargets, TARGETS } from "./support/notify-world.ts";

const only = (subject: string) => `${TARGETS}    subjects: [${subject}]\n`;

it("a plan's pull request is told of as opened and waiting, once, to whom wants plans", {
  timeout: 60_000,
}, async () => {
  const { hook, slack, smtp, environment } = await startTargets();
  const { github, settled, replica, startReplica } = await startCommandWorld({
    ...{
      files: { [FILE]: only("plan").replace("type: email", "type: email\n    subjects: [scale]") },
      environment,
    },
  });
  const ask = (path: string, body: object) => asPerson(github, "alice")("POST", path, body);
  await ask("/labels", { name: "needs-approval", color: "d93f0b", description: "A person is asked" });
  const run = await infraScale(
    await makeFolder(),
    ["--apply", "--namespace=assistant", "--workload=Deployment:web:6", "--branch=plans/prod"],
    {
      ...{ GH_OWNER: "acme", GH_REPO: "infra", GITHUB_API_URL: github.apiUrl },
      GITHUB_TOKEN: github.issueToken({ kind: "user", login: "alice" }),
    },
  );
  expect([run.code, run.told]).toEqual([0, expect.anything()]);
  await settled();
  const number = Number(/\/pull\/(\d+)$/.exec(run.lines[0] ?? "")?.[1]);
  const events = () => hook.posts.map(({ body }) => JSON.parse(body));
  expect(events()).toMatchObject([
    {
      type: "plan.opened",
      data: {
        subject: {
          ...{ id: `acme/infra#${number}`, kind: "plan", name: "prod", pullRequest: number },
          title: `Plan pull request #${number} of acme/infra (prod)`,
        },
        text: expect.stringMatching(/^Opened: .*, asked for by alice\.$/),
      },
    },
    { type: "plan.waiting" },
  ]);
  expect(smtp.mails).toEqual([]);
  expect(slack.posts).toHaveLength(1);
  await github.review(REPO, number, { login: "bob", state: "COMMENTED" });
  await settled();
  await replica.stop();
  const second = await startReplica();
  await second.idle();
  expect(events()).toHaveLength(2);
});
