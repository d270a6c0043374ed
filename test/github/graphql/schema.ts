import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { buildSchema, type GraphQLSchema } from "graphql";

let built: GraphQLSchema | undefined;

/** GitHub's own GraphQL schema, built once per process. */
export function readSchema(): GraphQLSchema {
  if (built === undefined) {
    const manifest = findPackageJSON("@octokit/graphql-schema", import.meta.url);
    if (manifest === undefined) throw new Error("@octokit/graphql-schema is not installed; run npm ci.");
    built = buildSchema(readFileSync(join(dirname(manifest), "schema.graphql"), "utf8"), {
      assumeValid: true,
      assumeValidSDL: true,
    });
  }
  return built;
}
