import path from "node:path";
import { expect, it } from "vitest";
import { findKubeconfig } from "../../src/kubernetes/find-kubeconfig.ts";

const usual = path.join("/home/me", ".kube", "config");
const both = ["/a/config", "/b/config"];

it.each<[string, string | null, Record<string, string>, string[]]>([
  ["the one that is named", "/named", { KUBECONFIG: "/a/config", HOME: "/home/me" }, ["/named"]],
  ["those of KUBECONFIG", null, { KUBECONFIG: ["", ...both].join(path.delimiter), HOME: "/home/me" }, both],
  ["that of the home folder", null, { HOME: "/home/me" }, [usual]],
  ["that of the home folder, where KUBECONFIG is empty", null, { KUBECONFIG: "", HOME: "/home/me" }, [usual]],
  ["that of the home folder of Windows", null, { HOME: "", USERPROFILE: "/home/me" }, [usual]],
  ["none", null, {}, []],
])("finds %s", (_, named, environment, files) => {
  expect(findKubeconfig(named, environment)).toEqual(files);
});
