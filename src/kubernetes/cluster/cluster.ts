import type { z } from "zod";

/** A kind of object by its API: `apps/v1` and `Deployment`. */
export type ApiKind = { apiVersion: string; kind: string };

/** One object; `namespace` is of no account where its kind has none. */
export type Reference = ApiKind & { namespace: string; name: string };

/** What server-side apply is given: the fields that are to be, and no others. */
export type Manifest = ApiKind & {
  metadata: { name: string; namespace: string; [field: string]: unknown };
  [field: string]: unknown;
};

/** Whether a change stays: `dry-run` has the API server check all of it, and store nothing. */
export type WriteMode = "dry-run" | "commit";

/** What becomes of fields that somebody else has set to another value. */
export type OnConflict = "refuse" | "take-over";

/** The number of replicas as the scale subresource tells it. `selector` is null where it names no pods. */
export type Scale = { replicas: number; running: number; selector: string | null; resourceVersion: string };

/**
 * A cluster, as one context of a kubeconfig sees it. What it answers is what the schema made of it: an object of another shape is an
 * error. Every method throws `ClusterError`.
 */
export type Cluster = {
  context: string;
  /** The `apiVersion` under which the API server prefers to serve a kind of a group; null where it has none. The core group is "". */
  findVersion(kind: string, group: string): Promise<string | null>;
  /** Null where there is no such object, or no such kind. */
  read<T>(reference: Reference, schema: z.ZodType<T>): Promise<T | null>;
  /** All objects of a kind in a namespace, or in all of them; null where the API server has no such kind. */
  list<T>(kind: ApiKind, where: InNamespace | "everywhere", schema: z.ZodType<T>): Promise<T[] | null>;
  /** Server-side apply as the manager `infra.scale`. A `metadata.resourceVersion` has to be the one that is stored. */
  apply<T>(
    manifest: Manifest,
    options: { mode: WriteMode; onConflict: OnConflict },
    schema: z.ZodType<T>,
  ): Promise<T>;
  /** Null where there is no such object, or where its kind has no scale subresource. */
  readScale(reference: Reference): Promise<Scale | null>;
  /** Sets the replicas through the scale subresource; with a `resourceVersion`, only while that is the one that is stored. */
  scale(
    reference: Reference,
    to: { replicas: number; resourceVersion?: string },
    mode: WriteMode,
  ): Promise<Scale>;
  /** Removes an object, only while it is the one that was seen, as it was seen; answers whether it was there. */
  remove(
    reference: Reference,
    seen: { uid: string; resourceVersion: string },
    mode: WriteMode,
  ): Promise<"removed" | "absent">;
};

export type InNamespace = { namespace: string };
