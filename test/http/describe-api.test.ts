import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { describeApi } from "../../src/http/describe-api.ts";
import { APP_ROUTES } from "../../src/http/routes.ts";
import { startServer, TEAM_TOKEN } from "../support/http-server.ts";
import { recorded } from "../support/payloads.ts";

const Description = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ version: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })),
        requestBody: z
          .object({
            content: z.object({ "application/json": z.object({ schema: z.looseObject({}) }) }),
            required: z.boolean(),
          })
          .optional(),
        responses: z.record(z.string(), z.looseObject({})),
      }),
    ),
  ),
});

async function served(): Promise<z.infer<typeof Description>> {
  await using it = await startServer();
  const response = await it.get("/openapi.json", {});
  expect(response.status).toBe(200);
  return Description.parse(await response.json());
}

test("it is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(describeApi("1.2.3", APP_ROUTES))));
  expect(result).toMatchObject({ valid: true });
});

test("it has every route of the table and no other, each with an id of its own", async () => {
  const { paths, info } = await served();
  const listed = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(listed.sort()).toEqual(APP_ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  const ids = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(APP_ROUTES.length);
  expect(info.version).toBe("1.2.3");
});

test("it names each parameter of the path and the query", async () => {
  const { paths } = await served();
  const names = (path: string) => paths[path]?.post?.parameters.map((it) => `${it.in} ${it.name}`);
  expect(names("/repos/{owner}/{repo}/{alias}/webhook/{pool}/prometheus")).toEqual([
    "path owner",
    "path repo",
    "path alias",
    "path pool",
    "query on",
    "query delta",
    "query value",
  ]);
  expect(names("/scale/{pool}")).toEqual(["path pool", "header Idempotency-Key", "query dryRun"]);
});

describe("its schema of a body agrees with the server", () => {
  const firing = recorded("firing");
  const cases: [path: string, real: string, body: unknown][] = [
    ["/webhook/prometheus", "/webhook/prometheus", firing],
    ["/webhook/prometheus", "/webhook/prometheus", { ...firing, newField: 1 }],
    ["/webhook/prometheus", "/webhook/prometheus", { ...firing, version: "3" }],
    ["/webhook/prometheus", "/webhook/prometheus", { ...firing, alerts: [{}] }],
    ["/webhook/{pool}/count", "/webhook/web/count", { value: 3 }],
    ["/webhook/{pool}/count", "/webhook/web/count", { value: 3.5 }],
    ["/webhook/{pool}/count", "/webhook/web/count", { value: 3, more: 1 }],
    ["/webhook/{pool}/count", "/webhook/web/count", { value: 1_000_000_000 }],
    ["/webhook/{pool}/delta", "/webhook/web/delta", { delta: -3 }],
    ["/webhook/{pool}/delta", "/webhook/web/delta", {}],
    ["/scale/{pool}", "/scale/web", { value: 3 }],
    ["/scale/{pool}", "/scale/web", { delta: "3" }],
  ];
  test.each(cases)("%s %s %j", async (path, real, body) => {
    await using it = await startServer();
    const schema = (await served()).paths[path]?.post?.requestBody?.content["application/json"].schema ?? {};
    const isValid = new Ajv2020({ strict: false }).compile(schema)(body);
    const { status } = await it.post(real, body, { authorization: `Bearer ${TEAM_TOKEN}` });
    expect(status).toBe(isValid ? 200 : 422);
  });
});
