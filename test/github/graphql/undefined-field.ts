import {
  type ASTNode,
  type ASTVisitor,
  GraphQLError,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  type ValidationContext,
} from "graphql";

/**
 * Refuses fields that a type does not have, as GitHub's own server words it; graphql-js would suggest others.
 * https://github.com/rmosolgo/graphql-ruby is what GitHub runs, and where the codes are from.
 */
export function undefinedFieldRule(context: ValidationContext): ASTVisitor {
  return {
    Field(node, _key, _parent, _path, ancestors) {
      const parent = context.getParentType();
      if (parent === undefined || parent === null || context.getFieldDef() != null) return undefined;
      const type = getNamedType(parent);
      if (!isObjectType(type) && !isInterfaceType(type) && !isUnionType(type)) return undefined;
      const fieldName = node.name.value;
      context.reportError(
        new GraphQLError(`Field '${fieldName}' doesn't exist on type '${type.name}'`, {
          nodes: node,
          extensions: {
            path: [...ancestors.flatMap(namesOf), node.alias?.value ?? fieldName],
            code: "undefinedField",
            typeName: type.name,
            fieldName,
          },
        }),
      );
      return undefined;
    },
  };
}

/** Where a node stands, in the words of GitHub: `query`, `mutation Name`, `... on Type`, a field's own name. */
function namesOf(ancestor: ASTNode | readonly ASTNode[]): string[] {
  if (!("kind" in ancestor)) return [];
  switch (ancestor.kind) {
    case Kind.OPERATION_DEFINITION:
      return [
        ancestor.name === undefined ? ancestor.operation : `${ancestor.operation} ${ancestor.name.value}`,
      ];
    case Kind.FRAGMENT_DEFINITION:
      return [`fragment ${ancestor.name.value}`];
    case Kind.INLINE_FRAGMENT:
      return [ancestor.typeCondition === undefined ? "..." : `... on ${ancestor.typeCondition.name.value}`];
    case Kind.FIELD:
      return [ancestor.alias?.value ?? ancestor.name.value];
    default:
      return [];
  }
}
