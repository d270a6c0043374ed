import { execFileSync } from "node:child_process";
import { z } from "zod";
import { packTree } from "../package/pack-tree.ts";
import { atMost, type Figure, type Measurement } from "./measurement.ts";

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** What somebody fetches who starts the sidecar by npx. */
export const packageSize: Measurement = {
  name: "package-size",
  about: "what `npm pack` gives: bytes, files, and the packages that it needs",
  measure: async () => {
    const packed = await packTree();
    try {
      const manifest = execFileSync("tar", ["-xOf", packed.tarball, "package/package.json"], {
        encoding: "utf8",
      });
      const { dependencies } = Manifest.parse(JSON.parse(manifest));
      return [
        count("tarball", packed.tarballBytes, "bytes", "what is fetched", 2_000_000),
        count("unpacked", packed.unpackedBytes, "bytes", "what is installed", 6_000_000),
        count("files", packed.files.length, "files", "what is installed", 100),
        count(
          "runtime dependencies",
          Object.keys(dependencies).length,
          "packages",
          "beside the package itself",
          0,
        ),
      ];
    } finally {
      await packed.remove();
    }
  },
};

function count(name: string, value: number, unit: Figure["unit"], against: string, cap: number): Figure {
  return { name, value, unit, against, spread: null, aim: atMost(cap) };
}
