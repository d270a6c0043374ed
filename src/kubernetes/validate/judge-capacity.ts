import { plainLine } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { PodObject, PodSpec } from "../detect/kube-objects.ts";
import type { Finding } from "../finding.ts";
import { formatQuantity } from "../format-quantity.ts";
import { judgeRollout, type Stuck } from "./judge-rollout.ts";
import { DAEMON_TOLERATIONS } from "./node-fit.ts";
import { type NodeRoom, openRooms, type Placement, placePods, releasePods } from "./node-room.ts";
import type { Demand } from "./plan-demand.ts";
import { requestsOf } from "./pod-size.ts";

/**
 * Whether the nodes have room for what a plan adds. The workloads take it in the plan's order; a rollout has the room of the pods that it
 * replaces. What could not be read says nothing.
 */
export function judgeCapacity(demands: readonly Demand[], facts: ClusterFacts): Finding[] {
  if (facts.nodes === null || facts.pods === null) return [];
  let rooms = openRooms(facts.nodes, facts.pods.filter(isPlaced));
  const findings: Finding[] = [];
  for (const demand of demands) {
    const own = demand.pods.filter(isPlaced);
    const judged =
      demand.kind === "DaemonSet" ? judgeEachNode(demand, rooms, own) : judgeRoom(demand, rooms, own);
    findings.push(...judged.findings);
    rooms = judged.rooms;
  }
  return findings;
}

function isPlaced({ spec }: PodObject): boolean {
  return spec.nodeName !== undefined;
}

type Judged = { findings: Finding[]; rooms: NodeRoom[] };

function judgeRoom(demand: Demand, rooms: NodeRoom[], own: readonly PodObject[]): Judged {
  if (!demand.isReplaced && demand.after <= demand.before) return { findings: [], rooms };
  const kept = demand.isReplaced ? [] : own;
  const free = demand.isReplaced ? releasePods(rooms, own) : rooms;
  const pod = { spec: demand.new, labels: demand.labels };
  const needed = demand.after - kept.length;
  const placed = placePods(pod, needed, free, kept);
  if (placed.count < needed) return { findings: [noRoom(demand, needed, placed)], rooms: placed.rooms };
  const stuck = demand.isReplaced ? judgeRollout(demand, rooms, own) : null;
  if (stuck !== null) return { findings: [noRoomBeside(demand, stuck)], rooms: placed.rooms };
  const most = placePods(pod, demand.most - kept.length, free, kept);
  const isShort = most.count < demand.most - kept.length;
  return { findings: isShort ? [noRoomForMost(demand, kept.length + most.count)] : [], rooms: placed.rooms };
}

/** A DaemonSet's pods stay on their nodes, so that each node has to have room for what its own grows by. */
function judgeEachNode(demand: Demand, rooms: NodeRoom[], own: readonly PodObject[]): Judged {
  if (!demand.isReplaced) return { findings: [], rooms };
  const names = new Set(own.map(({ spec }) => spec.nodeName));
  const isBeside = demand.rollout !== null && demand.rollout.surge > 0;
  const freed = isBeside ? rooms : releasePods(rooms, own);
  const here = freed.filter(({ node }) => names.has(node.metadata.name));
  const tolerations = [...demand.new.tolerations, ...DAEMON_TOLERATIONS];
  const spec = { ...demand.new, tolerations };
  const perNode = here.map((room) => placePods({ spec, labels: {} }, 1, [room], []));
  const placed: Placement = {
    count: perNode.reduce((sum, { count }) => sum + count, 0),
    rooms: [...freed.filter((room) => !here.includes(room)), ...perNode.flatMap((one) => one.rooms)],
    perNode: perNode.flatMap((one) => one.perNode.map((node) => ({ ...node, fits: Math.min(node.fits, 1) }))),
  };
  const isShort = placed.count < own.length;
  const left = isBeside ? releasePods(placed.rooms, own) : placed.rooms;
  return { findings: isShort ? [noRoom(demand, own.length, placed)] : [], rooms: left };
}

function noRoom(demand: Demand, needed: number, placed: Placement): Finding {
  const { subject } = demand;
  const { text, numbers } = describeRoom(demand.new, placed);
  const message = `${subject} needs room for ${pods(needed, demand)}${text.size}, and the nodes have room for ${placed.count}: ${text.nodes}.`;
  return { kind: "risk", code: "no-room", subject, message, numbers: { needed, ...numbers } };
}

function noRoomBeside(demand: Demand, { needed, beside, placed }: Stuck): Finding {
  const { subject, rollout } = demand;
  const { text, numbers } = describeRoom(demand.new, placed);
  const bounds =
    rollout === null ? "" : ` (maxSurge ${rollout.surge}, maxUnavailable ${rollout.unavailable})`;
  const message = `A rolling update of ${subject}${bounds} comes to need room for ${needed} new ${needed === 1 ? "pod" : "pods"}${text.size} beside ${beside} old, and the nodes have room for ${placed.count}: ${text.nodes}.`;
  return {
    kind: "risk",
    code: "no-room-for-surge",
    subject,
    message,
    numbers: { needed, beside, ...rollout, ...numbers },
  };
}

/** What a pod takes, and for how many there is room where. */
function describeRoom(pod: PodSpec, { count, perNode }: Placement) {
  const each = [...requestsOf(pod)]
    .filter(([, amount]) => amount > 0n)
    .map(([key, amount]) => [plainName(key), formatQuantity(key, amount)]);
  const size =
    each.length === 0 ? "" : ` of ${each.map(([key, amount]) => `${amount} ${key}`).join(" and ")}`;
  const barred = {
    cordoned: perNode.filter(({ obstacle }) => obstacle === "cordoned").length,
    tainted: perNode.filter(({ obstacle }) => obstacle === "taint").length,
    unselected: perNode.filter(({ obstacle }) => obstacle === "selector").length,
  };
  const open = perNode.filter(({ obstacle }) => obstacle === null);
  const nodes = open.slice(0, SHOWN).map(({ name, fits }) => [`room on ${plainName(name)}`, fits]);
  const numbers: Finding["numbers"] = {
    room: count,
    nodes: perNode.length,
    ...barred,
    ...Object.fromEntries([...each, ...nodes]),
  };
  return { text: { size, nodes: describeNodes(open, barred) }, numbers };
}

function describeNodes(
  open: Placement["perNode"],
  { cordoned, tainted, unselected }: { cordoned: number; tainted: number; unselected: number },
): string {
  const shown = open.slice(0, SHOWN).map(({ name, fits }) => `${fits} on ${plainName(name)}`);
  const more = open.length > SHOWN ? [`others on ${open.length - SHOWN} more`] : [];
  const why = [
    ...(tainted > 0 ? [`${tainted} with a taint that it does not tolerate`] : []),
    ...(unselected > 0 ? [`${unselected} that its selector or affinity leaves out`] : []),
    ...(cordoned > 0 ? [`${cordoned} cordoned`] : []),
  ];
  return [...shown, ...more, ...why.map((text) => `none on ${text}`)].join(", ") || "there is no node";
}

function noRoomForMost({ subject, most, after }: Demand, room: number): Finding {
  const message = `The HPA may take ${subject} from ${after} to ${most} pods, and the nodes have room for ${room} of them.`;
  return { kind: "note", code: "no-room-for-max", subject, message, numbers: { after, max: most, room } };
}

const SHOWN = 5;

function pods(count: number, { before, isReplaced, kind }: Demand): string {
  const isMore = before > 0 && !isReplaced && kind !== "CronJob";
  return `${count}${isMore ? " more" : ""} ${count === 1 ? "pod" : "pods"}`;
}

/** Names of nodes and resources are plain in any cluster that is one. */
function plainName(text: string): string {
  return plainLine(text, 100).replace(/[^A-Za-z0-9./_-]/g, "?");
}
