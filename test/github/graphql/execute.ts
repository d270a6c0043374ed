import {
  type DocumentNode,
  execute,
  FieldsOnCorrectTypeRule,
  type GraphQLFieldResolver,
  Kind,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { Caller } from "../auth/caller.ts";
import { type Answer, jsonAnswer } from "../http/answer.ts";
import type { RateLimitState } from "../http/rate-limits.ts";
import type { World } from "../world.ts";
import { estimateCost } from "./cost.ts";
import { formatGraphqlError, formatProblem } from "./graphql-error.ts";
import { mutations } from "./mutations.ts";
import { queryRoot } from "./query-root.ts";
import { readSchema } from "./schema.ts";
import { undefinedFieldRule } from "./undefined-field.ts";

export interface GraphqlRequest {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Record<string, unknown>;
  /** The fields at the top of the operation, by their schema names. */
  readonly fields: readonly string[];
  readonly cost: number;
}

export interface GraphqlContext {
  readonly world: World;
  readonly caller: Caller;
  readonly cost: number;
  readonly rateLimit: () => RateLimitState;
}

/** Reads a request's body. Gives the answer instead where it is no GraphQL. */
export function parseGraphqlRequest(body: Buffer): GraphqlRequest | Answer {
  const parsed = parseBody(body);
  if (parsed === null) return jsonAnswer(400, { message: "Problems parsing JSON" });
  const { query, variables, operationName } = parsed;
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    return jsonAnswer(200, { errors: [{ message: error instanceof Error ? error.message : String(error) }] });
  }
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const operation =
    operationName === undefined
      ? operations[0]
      : operations.find((node) => node.name?.value === operationName);
  if (operation === undefined)
    return jsonAnswer(200, { errors: [{ message: "No operation found in the query" }] });
  const fields = operation.selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD ? [node.name.value] : [],
  );
  return { document, operation, variables, fields, cost: estimateCost(operation, variables) };
}

/** Executes over GitHub's schema; a field that the stand-in does not have is an error that names it. */
export async function executeGraphql(request: GraphqlRequest, context: GraphqlContext): Promise<Answer> {
  const schema = readSchema(context.world.enterprise?.missingFields);
  const problems = validate(schema, request.document, rules);
  if (problems.length > 0) return jsonAnswer(200, { errors: problems.map(formatProblem) });
  const result = await execute({
    schema,
    document: request.document,
    rootValue: request.operation.operation === "mutation" ? mutations(context) : queryRoot(context),
    contextValue: context,
    variableValues: request.variables,
    ...(request.operation.name === undefined ? {} : { operationName: request.operation.name.value }),
    fieldResolver: resolveLoudly,
    typeResolver: (value) =>
      isRecord(value) && typeof value.__typename === "string" ? value.__typename : undefined,
  });
  const errors = (result.errors ?? []).map(formatGraphqlError);
  return jsonAnswer(200, { data: result.data ?? null, ...(errors.length === 0 ? {} : { errors }) });
}

const rules = [...specifiedRules.filter((rule) => rule !== FieldsOnCorrectTypeRule), undefinedFieldRule];

const resolveLoudly: GraphQLFieldResolver<unknown, GraphqlContext> = (source, args, _context, info) => {
  const value = isRecord(source) ? source[info.fieldName] : undefined;
  if (value === undefined) {
    throw new Error(
      `GitHub stand-in: the field ${info.parentType.name}.${info.fieldName} is not implemented; see its README.md.`,
    );
  }
  return typeof value === "function" ? value(args) : value;
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function parseBody(
  body: Buffer,
): { query: string; variables: Record<string, unknown>; operationName: string | undefined } | null {
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    if (!isRecord(parsed) || typeof parsed.query !== "string") return null;
    const { query, variables, operationName } = parsed;
    return {
      query,
      variables: isRecord(variables) ? variables : {},
      operationName: typeof operationName === "string" ? operationName : undefined,
    };
  } catch {
    return null;
  }
}
