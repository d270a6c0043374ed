/** What stands in the place of a secret. */
export const HIDDEN = "***";

/**
 * Takes out of a text what has the form of a secret, known to us or not: GitHub's and Pulumi's tokens, JWTs, private keys,
 * signatures, credentials in headers and in URLs. Rather too much than too little: it is for logs and errors.
 */
export function hideSecretShapes(text: string): string {
  return SHAPES.reduce((rest, { pattern, instead }) => rest.replace(pattern, instead), text);
}

/** Whether a header, a field or a parameter of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

const SECRET_NAME =
  /(?:authorization|cookie|token|secret|password|passphrase|private_?key|signature(?:-256)?)$/i;

// No word boundaries: in JSON, a line break before a token ends in the letter n.
const SHAPES: readonly { pattern: RegExp; instead: string }[] = [
  {
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    instead: HIDDEN,
  },
  // A line of raw headers, or an object that was printed: the rest of the line goes.
  {
    pattern:
      /((?:authorization|cookie|x-(?:pulumiscale|hub)-signature(?:-256)?)(?:\\{0,8}["'][ \t]{0,8},?)?[ \t]{0,8}(?:[:=]|(?<=,)))[^\r\n]*/gi,
    instead: `$1 ${HIDDEN}`,
  },
  // A field in JSON, or in an object that was printed.
  {
    pattern:
      /((?:token|secret|password|passphrase|private_?key|signature)\\{0,8}["']?[ \t]{0,8}[:=][ \t]{0,8}\\{0,8}["'])[^"'\\\r\n]+/gi,
    instead: `$1${HIDDEN}`,
  },
  // A line of YAML, and a variable of an environment: without quotes, so no sentence about a token is meant.
  {
    pattern:
      /((?:^|[\r\n]|\\n)[ \t]{0,40}(?:- )?[\w.:-]{0,60}(?:token|secret|password|passphrase|private_?key)[ \t]{0,4}:[ \t]{1,8})[^\s"'\\]{8,}(?=[ \t]{0,8}(?:[\r\n]|\\n|$))/gi,
    instead: `$1${HIDDEN}`,
  },
  {
    pattern: /((?:TOKEN|SECRET|PASSWORD|PASSPHRASE|ACCESS_KEY|PRIVATE_KEY)=)[^\s"'\\&;]{6,}/g,
    instead: `$1${HIDDEN}`,
  },
  { pattern: /(Buffer\\{0,8}",\\{0,8}"data\\{0,8}":\[)[\d,]*/g, instead: "$1" },
  { pattern: /(bearer|basic|token)([ \t]|%20|\+)[\w.~+/=-]{16,}/gi, instead: `$1$2${HIDDEN}` },
  // Also where the URL is itself part of a URL.
  {
    pattern:
      /([?&]|%3f|%26)([a-z_-]{0,30}(?:token|secret|password|signature|credential))(=|%3d)[^&\s"'<>\\%]{1,4096}(?:%[0-9a-f]{2}[^&\s"'<>\\%]{0,4096}){0,64}/gi,
    instead: `$1$2$3${HIDDEN}`,
  },
  { pattern: /(:\/\/[^/\s:@"']{0,200}:)[^/\s@"']{1,2048}@/g, instead: `$1${HIDDEN}@` },
  { pattern: /(?:gh[a-z]_|github_pat_)[\w.-]{16,}/g, instead: HIDDEN },
  { pattern: /v1\.[0-9a-f]{40}/g, instead: HIDDEN },
  { pattern: /pul-[0-9a-f]{40}/g, instead: HIDDEN },
  { pattern: /eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]{1,})?/g, instead: HIDDEN },
  { pattern: /sha(1|256)=[0-9a-f]{40,64}/gi, instead: `sha$1=${HIDDEN}` },
];
