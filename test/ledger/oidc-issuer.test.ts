import { expect, it } from "vitest";
import { oidcIssuerOf } from "../../src/ledger/oidc-issuer.ts";

it.each([
  ["https://api.github.com", "https://token.actions.githubusercontent.com"],
  ["https://api.octocorp.ghe.com", "https://token.actions.octocorp.ghe.com"],
  ["https://github.example.com/api/v3", "https://github.example.com/_services/token"],
  ["https://proxy.example.com/ghe/api/v3", "https://proxy.example.com/_services/token"],
  ["https://api.github.com.example.com", "https://api.github.com.example.com/_services/token"],
])("the issuer of %s is %s", (apiUrl, issuer) => {
  expect(oidcIssuerOf(apiUrl)).toBe(issuer);
});
