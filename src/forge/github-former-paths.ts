import type { StackPlace } from "./forge.ts";

/** So many paths at which a stack's file stood before are looked at. */
const MOST_PATHS = 5;

/** What a snapshot asks of a former path: variables and fields of these names, for its commits and for the file as a parent has it. */
export type FormerPathFields = {
  path: string;
  pathVariable: string;
  cursorVariable: string;
  history: string;
  file: string;
};

/** The fields for each path at which the stack's file stood before. */
export function formerPathFields({ formerPaths = [] }: Pick<StackPlace, "formerPaths">): FormerPathFields[] {
  return formerPaths.slice(0, MOST_PATHS).map((path, index) => ({
    path,
    pathVariable: `formerPath${index}`,
    cursorVariable: `formerAfter${index}`,
    history: `formerHistory${index}`,
    file: `formerFile${index}`,
  }));
}
