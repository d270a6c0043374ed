import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import {
  buildASTSchema,
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
} from "graphql";

let parsed: DocumentNode | undefined;
const built = new Map<string, GraphQLSchema>();

/** GitHub's own GraphQL schema without the fields `Type.field` that an older server lacks; built once per process. */
export function readSchema(missingFields: readonly string[] = []): GraphQLSchema {
  const key = [...missingFields].sort().join();
  const known = built.get(key);
  if (known !== undefined) return known;
  parsed ??= parse(readText(), { noLocation: true });
  const schema = buildASTSchema(withoutFields(parsed, missingFields), {
    assumeValid: true,
    assumeValidSDL: true,
  });
  for (const [name, form] of Object.entries(forms)) checkScalar(schema, name, form);
  built.set(key, schema);
  return schema;
}

function readText(): string {
  const manifest = findPackageJSON("@octokit/graphql-schema", import.meta.url);
  if (manifest === undefined) throw new Error("@octokit/graphql-schema is not installed; run npm ci.");
  return readFileSync(join(dirname(manifest), "schema.graphql"), "utf8");
}

function withoutFields(document: DocumentNode, missing: readonly string[]): DocumentNode {
  const left = new Set(missing);
  const keeps = (type: string, fields: readonly FieldDefinitionNode[] | undefined): FieldDefinitionNode[] =>
    (fields ?? []).filter((field) => !left.delete(`${type}.${field.name.value}`));
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? { ...definition, fields: keeps(definition.name.value, definition.fields) }
      : definition,
  );
  if (left.size > 0) throw new Error(`GitHub's schema has no ${[...left].join(", ")} that could be missing.`);
  return { ...document, definitions };
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
