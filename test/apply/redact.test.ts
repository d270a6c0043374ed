import { expect, it } from "vitest";
import { redactor, secretsOf } from "../../src/apply/redact.ts";

it("takes secrets out as they stand, in JSON, in a URL, and line by line", () => {
  const redact = redactor(['pa"ss word', "-----KEY-----\nbase64body", "ghs_abc", "ghs_abcdef"]);
  expect(redact('it is pa"ss word')).toBe("it is ***");
  expect(redact(JSON.stringify({ x: 'pa"ss word' }))).toBe('{"x":"***"}');
  expect(redact("https://u:pa%22ss%20word@host")).toBe("https://u:***@host");
  expect(redact("got base64body there")).toBe("got *** there");
  expect(redact("ghs_abcdef and ghs_abc")).toBe("*** and ***");
});

it("leaves a text alone that holds no secret, whatever short or empty secrets there are", () => {
  expect(redactor(["", "x", "  "])("x marks the spot")).toBe("x marks the spot");
});

it("finds the secrets of an environment, and takes no switch for one", () => {
  const environment = {
    AWS_SECRET_ACCESS_KEY: "aws-secret-value",
    arm_client_secret: "arm-secret-value",
    PULUMI_BACKEND_URL: "postgres://pulumi:backend-password@db/state",
    TOKEN_URL: "https://token.example/",
    USE_OIDC_TOKEN: "true",
    TOKEN_LIFETIME_SECONDS: "3600",
    EMPTY_TOKEN: "",
    HOME: "/home/runner",
  };
  expect(secretsOf(environment)).toEqual(["aws-secret-value", "arm-secret-value", "backend-password"]);
});

it("takes out what has the form of a secret, known or not: the Action and the command line print with it", () => {
  const redact = redactor([]);
  expect(redact("remote: ghs_16C7e42F292c6912E7710c838347Ae178B4a refused")).toBe("remote: *** refused");
  expect(redact("https://x-access-token:hunter22@github.com/acme/infra.git")).toBe(
    "https://x-access-token:***@github.com/acme/infra.git",
  );
  expect(redact("Pulumi.prod.yaml: web 3 -> 5, urn:pulumi:prod::shop::pulumi:index:Stash::web")).toBe(
    "Pulumi.prod.yaml: web 3 -> 5, urn:pulumi:prod::shop::pulumi:index:Stash::web",
  );
});
