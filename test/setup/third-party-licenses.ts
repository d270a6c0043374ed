import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  homepage: z.string().optional(),
});

/**
 * The licence texts of the packages that the files `inputs` of a bundle belong to, in the order of their names; the same
 * text stands once. `inputs` are relative to `root`. Throws where a package declares no licence at all.
 */
export function readThirdPartyLicenses(root: string, inputs: Iterable<string>): string {
  const usersOfText = new Map<string, string[]>();
  for (const folder of packageFolders(inputs)) {
    const place = path.join(root, folder);
    const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(place, "package.json"), "utf8")));
    const text = readLicenseText(place) ?? describeLicense(manifest);
    const users = usersOfText.get(text) ?? [];
    usersOfText.set(text, [...users, `${manifest.name}@${manifest.version} (${manifest.license})`]);
  }
  const parts = [...usersOfText].map(([text, users]) => `${[...new Set(users)].join("\n")}\n\n${text}\n`);
  return ["This package contains code of the following packages.\n", ...parts].join(
    `\n${"-".repeat(80)}\n\n`,
  );
}

/** "node_modules/a/node_modules/@b/c/lib/d.js" → "node_modules/a/node_modules/@b/c" */
function packageFolders(inputs: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const input of inputs) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const nameIn = (folder: string) => folder.slice(folder.lastIndexOf("node_modules/"));
  return [...folders].sort((one, other) => (nameIn(one) + one < nameIn(other) + other ? -1 : 1));
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice)\b.*(?<!\.js)$/i;

function readLicenseText(folder: string): string | undefined {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
    .map(({ name }) => name)
    .sort();
  if (files.length === 0) return undefined;
  const texts = files.map((name) => readFileSync(path.join(folder, name), "utf8"));
  return texts.map((text) => text.replaceAll("\r\n", "\n").trim()).join("\n\n");
}

function describeLicense({ license, homepage }: z.infer<typeof Manifest>): string {
  const where = homepage === undefined ? "" : ` Its home is ${homepage}.`;
  return `The package declares the licence ${license} and holds no text of it.${where}`;
}
