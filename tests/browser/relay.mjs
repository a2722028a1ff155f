// Stands between an application and what it asks, so that this can be gone.

import { once } from "node:events";
import { createServer, request } from "node:http";

/** Its `url`. While `down` is a status, every request is answered with that. */
export async function relay(to) {
  const state = { down: 0, url: "" };
  const sockets = new Set();
  const forward = ({ method, url, headers: { host: _, ...headers } }) =>
    request(new URL(url, to), { method, headers }); // with the host's own name instead
  const server = createServer((incoming, answer) => {
    if (state.down) return answer.writeHead(state.down, { "content-type": "application/json" }).end("{}");
    const forwarded = forward(incoming);
    forwarded.on("response", (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    incoming.pipe(forwarded);
  });
  server.on("upgrade", (incoming, socket) => {
    const forwarded = forward(incoming);
    forwarded.on("upgrade", ({ rawHeaders }, other, head) => {
      const fields = rawHeaders.map((part, at) => part + (at % 2 ? "\r\n" : ": "));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join("")}\r\n`);
      socket.write(head);
      socket.pipe(other).pipe(socket);
      for (const [one, another] of [[socket, other], [other, socket]])
        one.on("error", () => another.destroy()).on("close", () => another.destroy());
    });
    forwarded.on("response", () => socket.destroy());
    forwarded.on("error", () => socket.destroy());
    forwarded.end();
    sockets.add(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  state.url = `http://127.0.0.1:${server.address().port}`;
  state.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close().closeAllConnections();
  };
  return state;
}
