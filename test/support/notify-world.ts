import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { text as readText } from "node:stream/consumers";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";

export const FILE = ".github/pulumiscale.yml";
export const SLACK_PATH = "/services/T0000001/B0000001/SecretPathOfSlack0123";
export const WEBHOOK_KEY = `whsec_${randomBytes(32).toString("base64")}`;

export type Posted = { path: string; headers: Record<string, string>; body: string };

/** An HTTP server that keeps what is posted; `answer` says what it answers, 200 unless given. */
export async function startReceiver(
  answer: (response: ServerResponse, posted: Posted, count: number) => void = (response) =>
    response.end("ok"),
) {
  const posts: Posted[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = await readText(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const posted = { path: request.url ?? "", headers, body };
    posts.push(posted);
    answer(response, posted, posts.length);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  return { posts, port, url: `http://127.0.0.1:${port}` };
}

export type ReceivedMail = { raw: string; mail: Email; recipients: string[]; user: string | undefined };

/** A mail server that keeps what it is given. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    onAuth: (auth, _session, done) => done(null, { user: `${auth.username}:${auth.password}` }),
    onData: (stream, session, done) => {
      readText(stream)
        .then(async (raw) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ raw, mail: await PostalMime.parse(raw), recipients, user: session.user });
          done();
        })
        .catch(done);
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.server.address() as AddressInfo;
  return { mails, port };
}

/** A server that takes connections, and never says a word. */
export async function startSilentServer() {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** Three targets for all kinds, `ops`, `people` and `audit`. */
export const TARGETS = `notifications:
  ops:
    type: slack
  people:
    type: email
    from: scale@acme.example
    to: [ops@acme.example, oncall@acme.example]
  audit:
    type: webhook
`;

/** Receivers for the three targets, and the environment that has them. */
export async function startTargets() {
  const slack = await startReceiver();
  const hook = await startReceiver();
  const smtp = await startMailServer({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
  const environment = {
    PULUMISCALE_SLACK_URL_OPS: `${slack.url}${SLACK_PATH}`,
    PULUMISCALE_SMTP_URL_PEOPLE: `smtp://scale:pass%2Fword-of-mail@127.0.0.1:${smtp.port}`,
    PULUMISCALE_WEBHOOK_URL_AUDIT: `${hook.url}/hooks/secret-path-of-audit`,
    PULUMISCALE_WEBHOOK_KEY_AUDIT: WEBHOOK_KEY,
  };
  return { slack, hook, smtp, environment };
}
