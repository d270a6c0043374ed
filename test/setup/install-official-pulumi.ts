// node install-official-pulumi.ts <folder> <version>
// A process of its own, so that a download that hangs can be ended together with the shell and curl that it starts.
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import semver from "semver";

const [root = "", version] = process.argv.slice(2);
await PulumiCommand.install({ root, version: new semver.SemVer(version ?? "") });
