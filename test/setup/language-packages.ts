import { writeFileSync } from "node:fs";
import path from "node:path";
import { progress } from "./cache.mjs";
import { makeCachedFolder } from "./cached-folder.ts";
import { runStep } from "./step.mjs";

const python = ["pulumi==3.272.0", "tree-sitter==0.26.1", "tree-sitter-c-sharp==0.23.5"];
const java = "1.36.1";

/** A folder for PYTHONPATH: Pulumi's SDK for Python, and a parser of C#. */
export async function ensurePythonPackages(): Promise<string> {
  return await makeCachedFolder("python-packages", python.join("-").replaceAll("==", "-"), async (folder) => {
    progress("installing the Python packages of the tests, once");
    await runStep("python3", ["-m", "pip", "install", "--quiet", "--target", folder, ...python]);
  });
}

/** A folder of jars: Pulumi's SDK for Java and what it needs. */
export async function ensureJavaPackages(): Promise<string> {
  return await makeCachedFolder("java-packages", `pulumi-${java}`, async (folder) => {
    progress("downloading Pulumi's SDK for Java, once");
    const dependency = `<dependency><groupId>com.pulumi</groupId><artifactId>pulumi</artifactId><version>${java}</version></dependency>`;
    const pom = path.join(folder, "pom.xml");
    writeFileSync(
      pom,
      `<project><modelVersion>4.0.0</modelVersion><groupId>invalid</groupId><artifactId>tests</artifactId><version>1</version><dependencies>${dependency}</dependencies></project>`,
    );
    const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
    await runStep("mvn", ["-q", "-B", "-f", pom, copy, `-DoutputDirectory=${folder}`]);
  });
}
