/** Who the fields that a plan sets belong to. */
export const FIELD_MANAGER = "infra.scale";
