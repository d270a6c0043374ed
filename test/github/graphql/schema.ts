import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { buildSchema, GraphQLScalarType, type GraphQLSchema } from "graphql";

let built: GraphQLSchema | undefined;

/** GitHub's own GraphQL schema, built once per process. */
export function readSchema(): GraphQLSchema {
  if (built === undefined) {
    const manifest = findPackageJSON("@octokit/graphql-schema", import.meta.url);
    if (manifest === undefined) throw new Error("@octokit/graphql-schema is not installed; run npm ci.");
    const text = readFileSync(join(dirname(manifest), "schema.graphql"), "utf8");
    built = buildSchema(text, { assumeValid: true, assumeValidSDL: true });
    for (const [name, form] of Object.entries(forms)) checkScalar(built, name, form);
  }
  return built;
}

/** What the schema says of its own scalars in words only. */
const forms: Readonly<Record<string, RegExp>> = {
  DateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  GitObjectID: /^[0-9a-f]{40}$/,
  GitTimestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)$/,
  URI: /^(https?:\/\/|\/)/,
};

function checkScalar(schema: GraphQLSchema, name: string, form: RegExp): void {
  const type = schema.getType(name);
  if (!(type instanceof GraphQLScalarType)) throw new Error(`GitHub's schema has no scalar ${name}.`);
  type.coerceOutputValue = (value) => {
    if (typeof value === "string" && form.test(value)) return value;
    throw new Error(`GitHub stand-in: ${JSON.stringify(value)} is no ${name}`);
  };
}
