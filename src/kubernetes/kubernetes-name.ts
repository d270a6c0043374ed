/** A label of RFC 1123, as a namespace's name is one. */
export function isLabelName(text: string): boolean {
  return text.length <= 63 && LABEL.test(text) && !text.startsWith("-") && !text.endsWith("-");
}

/** A subdomain of RFC 1123, as the names of most objects are: labels with dots between them, at most 253 characters. */
export function isSubdomainName(text: string): boolean {
  const isPart = (part: string) => LABEL.test(part) && !part.startsWith("-") && !part.endsWith("-");
  return text.length <= 253 && text.split(".").every(isPart);
}

const LABEL = /^[a-z0-9-]+$/;

/** What is expected of a name, for sentences. */
export const NAME_RULE =
  "a Kubernetes name (lower case letters, digits, `-` and `.`, a letter or digit at both ends)";
