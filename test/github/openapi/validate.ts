import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import {
  type Operation,
  parametersOf,
  readDescription,
  requestSchema,
  responseSchema,
  type Schema,
  webhookSchema,
} from "./description.ts";

const componentPrefix = "#/components/schemas/";

// One ajv per process: a component compiled for one operation serves the next.
const options = { strict: false, allErrors: true, code: { optimize: false } } as const;
const forBodies = withFormats(new Ajv({ ...options, coerceTypes: false }));
const forText = withFormats(new Ajv({ ...options, coerceTypes: "array", useDefaults: true }));

const compiled = new WeakMap<Schema, ValidateFunction>();

/** What is wrong with a request's body; null: nothing. */
export function findRequestProblem(operation: Operation, body: unknown): string | null {
  const schema = requestSchema(operation);
  if (schema === undefined) return null;
  if (body === undefined) {
    return operation.requestBody?.required === true && !acceptsEmpty(schema) ? "the body is missing" : null;
  }
  return findProblem(forBodies, schema, body);
}

/** What GitHub's description objects to in an answer; null: nothing. */
export function findResponseProblem(operation: Operation, status: number, body: unknown): string | null {
  const schema = responseSchema(operation, status);
  if (schema === undefined) {
    return status < 400 ? `GitHub does not describe status ${status} for this operation` : null;
  }
  if (schema === null) {
    return body === undefined || status >= 400 ? null : `GitHub answers ${status} without a body`;
  }
  return findProblem(forBodies, schema, body);
}

/** What GitHub's description objects to in an event's payload; null: nothing. */
export function findWebhookProblem(event: string, action: string | null, payload: unknown): string | null {
  const schema = webhookSchema(event, action);
  return schema === undefined ? "GitHub sends no such event" : findProblem(forBodies, schema, payload);
}

/**
 * Turns the text of the path's and the query's parameters into the types of the description, defaults filled in,
 * in place. Gives the problem, or null.
 */
export function coerceParameters(
  operation: Operation,
  kind: "path" | "query",
  values: object,
): string | null {
  const parameters = parametersOf(operation).filter((parameter) => parameter.in === kind);
  const known = parameterSchemas.get(operation) ?? {};
  parameterSchemas.set(operation, known);
  known[kind] ??= {
    type: "object",
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.schema])),
  };
  return findProblem(forText, known[kind], values);
}

const parameterSchemas = new WeakMap<Operation, { path?: Schema; query?: Schema }>();

function findProblem(ajv: Ajv, schema: Schema, value: unknown): string | null {
  const validate = compiled.get(schema) ?? compile(ajv, schema);
  compiled.set(schema, validate);
  if (validate(value)) return null;
  return (validate.errors ?? [])
    .slice(0, 5)
    .map((error) => `${error.instancePath || "(root)"} ${error.message ?? "is wrong"}`)
    .join("; ");
}

function compile(ajv: Ajv, schema: Schema): ValidateFunction {
  addComponents(ajv, schema);
  return ajv.compile(rewrite(schema));
}

function addComponents(ajv: Ajv, schema: unknown): void {
  for (const name of referencedComponents(schema)) {
    const component = readDescription().components.schemas[name];
    if (component === undefined || addedTo(ajv).has(name)) continue;
    addedTo(ajv).add(name);
    addComponents(ajv, component);
    ajv.addSchema(rewrite(component), `component-${name}`);
  }
}

const added = new WeakMap<Ajv, Set<string>>();

function addedTo(ajv: Ajv): Set<string> {
  const names = added.get(ajv) ?? new Set();
  added.set(ajv, names);
  return names;
}

function* referencedComponents(schema: unknown): Generator<string> {
  if (Array.isArray(schema)) {
    for (const item of schema) yield* referencedComponents(item);
  } else if (isSchema(schema)) {
    const reference = schema.$ref;
    if (typeof reference === "string") yield reference.slice(componentPrefix.length);
    for (const value of Object.values(schema)) yield* referencedComponents(value);
  }
}

/**
 * From OpenAPI 3.0 to what ajv takes: references by the component's own name, `nullable` beside `anyOf` or a
 * `$ref` as an alternative (ajv knows it only beside `type`), `example` left out.
 */
function rewrite(schema: unknown): Schema {
  const result = rewriteValue(schema);
  return isSchema(result) ? result : {};
}

function rewriteValue(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(rewriteValue);
  if (!isSchema(given)) return given;
  const value = anyEvent(userOrEnterprise(given));
  const { nullable, example: _example, ...rest } = value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(rest)) {
    // GitHub's alternatives overlap (every error is a basic error), so "exactly one" would refuse what it sends.
    result[key === "oneOf" ? "anyOf" : key] =
      key === "$ref" && typeof inner === "string"
        ? `component-${inner.slice(componentPrefix.length)}`
        : key === "properties" && isSchema(inner)
          ? Object.fromEntries(
              Object.entries(inner).map(([name, property]) => [name, rewriteValue(property)]),
            )
          : rewriteValue(inner);
  }
  if (nullable !== true) return result;
  // An enum beside `nullable: true` that does not list null would forbid it.
  return { anyOf: [{ type: "null" }, result] };
}

/**
 * Inlined, the description asks an installation's account to be a user and an enterprise at once; its component
 * `installation` says either, as GitHub answers.
 */
function userOrEnterprise(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  const titles = Array.isArray(allOf)
    ? allOf.map((inner) => (isSchema(inner) ? inner.title : undefined))
    : [];
  return titles.join() === "Simple User,Enterprise" ? { ...rest, anyOf: allOf } : schema;
}

/** Lists of what an App may subscribe to are older than some events, `merge_group` among them, in some webhooks. */
function anyEvent(schema: Schema): Schema {
  const { enum: names, ...rest } = schema;
  return Array.isArray(names) && names.includes("check_suite") && names.includes("push") ? rest : schema;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function acceptsEmpty(schema: Schema): boolean {
  return schema.required === undefined && schema.oneOf === undefined && schema.anyOf === undefined;
}

function withFormats(ajv: Ajv): Ajv {
  addFormats.default(ajv);
  for (const format of ["repo.nwo", "timestamp"]) ajv.addFormat(format, true);
  // GitHub itself sends `1+app[bot]@users.noreply.github.com`, which the strict form refuses.
  ajv.addFormat("email", /^[^@\s]+@[^@\s]+$/);
  return ajv;
}
