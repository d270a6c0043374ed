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
