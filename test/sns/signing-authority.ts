import { generate } from "selfsigned";

export type IssuedCertificate = { certificate: string; key: string };

export type IssueOptions = { from?: Date; to?: Date; altNames?: { type: 2; value: string }[]; ip?: string };

/** A certificate authority made for the tests. */
export type SigningAuthority = {
  certificate: string;
  issue: (commonName: string, options?: IssueOptions) => Promise<IssuedCertificate>;
};

const A_DAY_MS = 86_400_000;

export async function createSigningAuthority(): Promise<SigningAuthority> {
  const root = await generate([{ name: "commonName", value: "PulumiScale test authority" }], {
    keySize: 2048,
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    certificate: root.cert,
    issue: async (commonName, { from, to, altNames, ip } = {}) => {
      const names = [
        ...(altNames ?? [{ type: 2 as const, value: commonName }]),
        ...(ip === undefined ? [] : [{ type: 7 as const, ip }]),
      ];
      const issued = await generate([{ name: "commonName", value: commonName }], {
        keySize: 2048,
        algorithm: "sha256",
        ca: { key: root.private, cert: root.cert },
        notBeforeDate: from ?? new Date(Date.now() - A_DAY_MS),
        notAfterDate: to ?? new Date(Date.now() + A_DAY_MS),
        extensions: [{ name: "subjectAltName", altNames: names }],
      });
      return { certificate: issued.cert, key: issued.private };
    },
  };
}
