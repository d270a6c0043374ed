import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { operations } from "@octokit/openapi-types";

export type OperationId = keyof operations & string;

/** A JSON Schema as OpenAPI 3.0 writes it; only ajv looks inside. */
export type Schema = { readonly [key: string]: unknown };

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
  readonly "x-multi-segment"?: boolean;
}

interface Reference {
  readonly $ref: string;
}

interface MediaTypes {
  readonly content?: Readonly<Record<string, { readonly schema: Schema } | undefined>>;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: MediaTypes & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, MediaTypes | Reference | undefined>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly "x-webhooks": Readonly<Record<string, { readonly post: Operation } | undefined>>;
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly responses: Readonly<Record<string, MediaTypes>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

let loaded: Description | undefined;

/** GitHub's own OpenAPI description of api.github.com, read once per process: it has 13 MB. */
export function readDescription(): Description {
  if (loaded === undefined) {
    const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.json");
    loaded = parseDescription(readFileSync(file, "utf8"));
  }
  return loaded;
}

function parseDescription(text: string): Description {
  return JSON.parse(text);
}

export interface DescribedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Every operation of the description. */
export function listOperations(): DescribedOperation[] {
  return Object.entries(readDescription().paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

export function parametersOf(operation: Operation): Parameter[] {
  const known = readDescription().components.parameters;
  return (operation.parameters ?? []).flatMap((parameter) => {
    if (!("$ref" in parameter)) return [parameter];
    const found = known[nameOf(parameter.$ref)];
    return found === undefined ? [] : [found];
  });
}

/** The schema of an answer with this status; null: described, without a body; undefined: not described. */
export function responseSchema(operation: Operation, status: number): Schema | null | undefined {
  const response = operation.responses[String(status)];
  if (response === undefined) return undefined;
  const media = "$ref" in response ? readDescription().components.responses[nameOf(response.$ref)] : response;
  return media?.content?.["application/json"]?.schema ?? null;
}

export function requestSchema(operation: Operation): Schema | undefined {
  return operation.requestBody?.content?.["application/json"]?.schema;
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** The schema of an event's payload; undefined: GitHub sends no such event. */
export function webhookSchema(event: string, action: string | null): Schema | undefined {
  const name = [event, ...(action === null ? [] : [action])].join("-").replaceAll("_", "-");
  const described = readDescription()["x-webhooks"][name];
  return described === undefined ? undefined : requestSchema(described.post);
}
