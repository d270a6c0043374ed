import type { StackPlace } from "../../src/forge/forge.ts";

export const STACK_FILE = '# scaled by alerts\nconfig:\n  shop:webCount: "3" # web\n  shop:apiCount: 2\n';
export const PLACE: StackPlace = {
  owner: "acme",
  repo: "infra",
  alias: "shop.prod",
  project: "shop",
  stack: "prod",
  branch: "main",
  path: "Pulumi.prod.yaml",
};

/** The two pools of the stack file, as a contract has them. */
export const WEB = {
  targetUrn: "urn:web",
  configKey: "webCount",
  strategy: "incremental",
  min: 1,
  max: 10,
  cooldown: 300,
};
export const API = {
  targetUrn: "urn:api",
  configKey: "apiCount",
  strategy: "absolute",
  min: 1,
  max: 20,
  cooldown: 0,
};
