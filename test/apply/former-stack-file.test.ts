import { expect, it } from "vitest";
import { formerStackFile } from "../../src/apply/former-stack-file.ts";

it.each([
  ["in its program's folder", "infra", "shop", "shop/Pulumi.prod.yaml", "infra/Pulumi.dev.yaml"],
  ["at the repository's root", ".", "shop", "shop/Pulumi.prod.yml", "Pulumi.dev.yml"],
  ["in a folder below", "infra", "shop", "shop/config/Pulumi.prod.yaml", "infra/config/Pulumi.dev.yaml"],
  ["in a folder beside", "infra", "shop", "config/Pulumi.prod.yaml", "config/Pulumi.dev.yaml"],
  ["never outside", "infra", "apps/shop", "config/Pulumi.prod.yaml", "config/Pulumi.dev.yaml"],
])("a stack file stood %s", (_, dir, placeDir, stackFilePath, expected) => {
  expect(formerStackFile({ dir, stack: "dev" }, { dir: placeDir, stackFilePath })).toBe(expected);
});
