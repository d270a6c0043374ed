/** A topic of SNS, and the host that serves it: the one place that signs for it and that confirms its subscriptions. */
export type Topic = { arn: string; region: string; host: string };

const TOPIC_ARN = /^arn:(aws|aws-us-gov|aws-cn):sns:([a-z][a-z0-9-]{2,31}):\d{12}:[A-Za-z0-9_-]{1,256}$/;

/**
 * Reads the ARN of a standard topic in AWS's public partitions; null for everything else. FIFO topics are none: they
 * deliver to no URL.
 */
export function parseTopicArn(arn: string): Topic | null {
  const [, partition, region] = TOPIC_ARN.exec(arn) ?? [];
  if (region === undefined) return null;
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return { arn, region, host: `sns.${region}.${suffix}` };
}
