import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { HMAC_SECRET, METRICS_TOKEN, PROD_TOKEN, startServer } from "../support/http-server.ts";

const sign = (body: string) => `sha256=${createHmac("sha256", HMAC_SECRET).update(body).digest("hex")}`;

test("a bearer token, in any case of the scheme", async () => {
  await using it = await startServer();
  for (const authorization of [`Bearer ${PROD_TOKEN}`, `bearer  ${PROD_TOKEN} `])
    expect((await it.get("/pools", { authorization })).status).toBe(200);
});

test("a token in the URL, which no log line and no answer repeats", async () => {
  await using it = await startServer();
  const answers = [
    await it.post(`/webhook/web/count?token=${PROD_TOKEN}`, { value: 3 }, {}),
    await it.post(`/webhook/web/count?token=${PROD_TOKEN}&value=3`, { value: 3 }, {}),
    await it.get(`/nope?token=${PROD_TOKEN}`, {}),
    await it.post(`/pools?token=${PROD_TOKEN}`, {}, {}),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 422, 404, 405]);
  for (const answer of answers) expect(await answer.text()).not.toContain(PROD_TOKEN.slice(0, 12));
  expect(it.log.lines()).toHaveLength(4);
  expect(it.log.text()).not.toContain(PROD_TOKEN.slice(0, 12));
});

test.each([
  ["given twice in the URL", `?token=${PROD_TOKEN}&token=${PROD_TOKEN}`, {}],
  ["empty in the URL", "?token=", {}],
  ["in the URL beside a wrong header", `?token=${PROD_TOKEN}`, { authorization: "Bearer wrong" }],
  ["in the URL beside a wrong signature", `?token=${PROD_TOKEN}`, { "x-pulumiscale-signature": sign("x") }],
  ["as a password", "", { authorization: `Basic ${btoa(`:${PROD_TOKEN}`)}` }],
  ["that is the server's metrics token", "", { authorization: `Bearer ${METRICS_TOKEN}` }],
])("no token: %s", async (_what, query, headers) => {
  await using it = await startServer();
  expect((await it.get(`/pools${query}`, headers)).status).toBe(401);
});

test("a signature over the raw body, whatever its spaces", async () => {
  await using it = await startServer();
  const body = '{ "value" :\t3 }\n';
  const response = await it.post("/webhook/web/count", body, { "x-pulumiscale-signature": sign(body) });
  expect(response.status).toBe(200);
  expect(it.scaling.asked).toMatchObject([{ intents: [{ ask: { kind: "value", value: 3 } }] }]);
});

test("a signature over nothing opens what has no body", async () => {
  await using it = await startServer();
  expect((await it.get("/pools", { "x-pulumiscale-signature": sign("") })).status).toBe(200);
});

test("a signature over another body opens nothing", async () => {
  await using it = await startServer();
  const headers = { "x-pulumiscale-signature": sign('{"value":3}') };
  expect((await it.post("/webhook/web/count", '{"value":99}', headers)).status).toBe(401);
});
