/** One attempt to deliver one event to one App. */
export interface Delivery {
  readonly id: number;
  /** `X-GitHub-Delivery`; a redelivery keeps it. */
  readonly guid: string;
  readonly appId: number;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly event: string;
  readonly action: string | null;
  readonly redelivery: boolean;
  readonly deliveredAt: Date;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly payload: string };
  /** Null while it is under way. */
  outcome: DeliveryOutcome | null;
}

export interface DeliveryOutcome {
  readonly durationSeconds: number;
  /** As GitHub words it: `OK`, `Invalid HTTP Response: 500`, `timed out`. */
  readonly status: string;
  /** 0 when there was no answer. */
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
