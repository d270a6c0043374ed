import type { Account } from "../world.ts";
import type { Team } from "./organization.ts";

/** A deployment environment and what holds its jobs back. */
export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly createdAt: Date;
  /** One of them must approve; none: nobody has to. */
  readonly reviewers: readonly (
    | { readonly kind: "User"; readonly account: Account }
    | { readonly kind: "Team"; readonly team: Team }
  )[];
  readonly waitMinutes: number;
  /** Only protected branches deploy; otherwise any. */
  readonly branches: "protected" | "any";
}
