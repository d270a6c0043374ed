const { appendFileSync, readFileSync } = require("node:fs");

const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, "utf8"));
const changed = event.commits.flatMap((commit) => [...commit.added, ...commit.modified, ...commit.removed]);
const fullNeeded = changed.some((path) => !/Pulumi\.[^/]+\.yaml$/.test(path));
console.log(`${process.env.INPUT_COMMAND}: ${changed.join(", ")}`);
appendFileSync(process.env.GITHUB_OUTPUT, `full-needed=${fullNeeded}\n`);
