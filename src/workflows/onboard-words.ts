import type { OnboardingDraft, OnboardingSight } from "../forge/onboarding-forge.ts";
import { type FoundStack, findStacks } from "./onboard-stacks.ts";

const README = "https://github.com/pulumiscale/pulumiscale#readme";
/** So many stacks are named; there may be hundreds. */
const MOST_STACKS = 20;
const MOST_LINKS = 5;

/** The pull request that greets a repository: its file, and what is still missing. */
export function renderOnboarding(sight: OnboardingSight): OnboardingDraft {
  const stacks = findStacks(sight).slice(0, MOST_STACKS);
  return {
    path: ".github/pulumiscale.yml",
    text: renderRepositoryFile(stacks),
    title: "chore: configure PulumiScale",
    message: "All of it is a comment: nothing changes until the rest is set up.",
    body: renderBody(sight, stacks),
  };
}

function renderRepositoryFile(stacks: readonly FoundStack[]): string {
  const named = stacks.length > 0 ? stacks : [{ alias: "shop.prod" }];
  return `# How PulumiScale scales the stacks of this repository. All of it is optional.
# Which resources scale, and between which limits, is said by each program's stack output \`pulumiscale\`.
# ${README}
#
# defaults:
#   delivery: pull-request # or direct: commits straight to the branch
#   mergeMethod: squash
#   approval: { above: 20 } # beyond this a person approves
# stacks:
${named.map(({ alias }) => `#   "${alias}": {}\n`).join("")}# paused: true # holds everything
`;
}

function renderBody(sight: OnboardingSight, stacks: readonly FoundStack[]): string {
  const found =
    stacks.length === 0
      ? "No stack file (`Pulumi.<stack>.yaml`) is committed here yet: the values that scale have to stand in one."
      : `Stacks found here: ${stacks.map(({ alias, dir }) => `\`${alias}\` (\`${dir}\`)`).join(", ")}.`;
  const links = stacks
    .slice(0, MOST_LINKS)
    .map((stack) => `   - [add the workflow of \`${stack.alias}\`](${workflowLink(sight, stack)})`);
  return `PulumiScale was installed on this repository. ${found}

This adds \`.github/pulumiscale.yml\`, all of it a comment: merge it to have the settings at hand, or close it if you do not want it. It is opened once.

**What is still missing**

1. The contract: let the program export the stack output \`pulumiscale\`, which says what may scale and between which limits.
2. A webhook secret: \`pulumi config set --secret pulumiscale:webhook-secret "$(openssl rand -hex 32)"\`
3. The Action in the workflow that deploys. An App may not write workflows, so this is a new file for you to look at and commit:
${links.join("\n") || "   - see the README"}
4. Somebody who sends: Alertmanager, CloudWatch or a call.

${README} has each step. \`GITHUB_TOKEN=$(gh auth token) pulumiscale doctor ${repositoryOf(sight)}\` says what is missing at any time.
`;
}

function repositoryOf({ htmlUrl }: OnboardingSight): string {
  return htmlUrl.split("/").slice(-2).join("/");
}

/** GitHub's page for a new file, filled in. */
export function workflowLink({ htmlUrl, defaultBranch }: OnboardingSight, stack: FoundStack): string {
  const branch = defaultBranch.split("/").map(encode).join("/");
  const path = `.github/workflows/pulumiscale-${stack.alias}.yml`;
  return `${htmlUrl}/new/${branch}?filename=${encode(path)}&value=${encode(renderWorkflow(stack, defaultBranch))}`;
}

function renderWorkflow({ alias, stack, dir, runtime }: FoundStack, branch: string): string {
  const workDir = dir === "." ? "" : `          work-dir: ${JSON.stringify(dir)}\n`;
  const cd = dir === "." ? "" : `\n        working-directory: ${JSON.stringify(dir)}`;
  const base = branch === "main" ? "" : `          base-branch: ${JSON.stringify(branch)}\n`;
  const node =
    runtime === "nodejs"
      ? `      - uses: actions/setup-node@v6\n        with:\n          node-version: 24\n      - run: npm ci${cd}\n`
      : "";
  const action = (command: string) =>
    `        uses: pulumiscale/pulumiscale/action@v0
        with:
          command: ${command}
          stack-name: ${JSON.stringify(stack)}
${workDir}${base}`;
  return `name: ${JSON.stringify(`deploy ${alias}`)}
on:
  push:
    branches: [${JSON.stringify(branch)}]
  schedule:
    - cron: "*/15 * * * *"
  repository_dispatch:
    types: [pulumiscale-apply]
  workflow_dispatch:
concurrency:
  group: ${JSON.stringify(`deploy-${alias}`)}
permissions:
  contents: write # the ledger branch
  checks: write # the receipt on the scale commits
  id-token: write # the signature over the ledger entry
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      PULUMI_ACCESS_TOKEN: \${{ secrets.PULUMI_ACCESS_TOKEN }} # and what your cloud needs
    steps:
      - uses: actions/checkout@v6
${node}      - id: scale
${action("apply")}      - if: steps.scale.outputs.full-needed == 'true'
        run: pulumi up --yes --skip-preview --stack ${stack}${cd}
      - if: steps.scale.outputs.full-needed == 'true'
${action("publish")}`;
}

/** Also what would end a link in Markdown. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
