// Supabase Realtime on a port of its own, as far as supabase-js talks to it: Phoenix channels, version 2.0.0
// of the protocol.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

type Message = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: Payload];

interface Payload {
  readonly access_token?: string;
  readonly config?: { readonly postgres_changes: readonly object[] };
}

export interface Join {
  readonly topic: string;
  readonly token: string | undefined;
  readonly changes: readonly object[];
}

export class FakeRealtime {
  readonly joins: Join[] = [];
  /** Tokens that came after the join. */
  readonly tokens: (string | undefined)[] = [];
  readonly left: string[] = [];
  heartbeats = 0;
  private readonly joined = new Map<
    string,
    { readonly socket: WebSocket; readonly joinRef: string | null; readonly ids: readonly number[] }
  >();

  private constructor(private readonly server: WebSocketServer) {
    server.on("connection", (socket) =>
      socket.on("message", (data) => this.hear(socket, JSON.parse(String(data)) as Message)),
    );
  }

  static async start(): Promise<FakeRealtime> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/realtime/v1/websocket" });
    await once(server, "listening");
    return new FakeRealtime(server);
  }

  /** What a Supabase client is made with. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.server.clients.size;
  }

  /** A row has changed in the table that was subscribed to in this place. */
  change(place: number): void {
    for (const [topic, { socket, joinRef, ids }] of this.joined) {
      const data = {
        type: "UPDATE",
        schema: "billing",
        table: "any",
        commit_timestamp: "2026-11-22T21:40:53Z",
        columns: [],
        record: {},
        errors: null,
      };
      send(socket, [joinRef, null, topic, "postgres_changes", { ids: [ids[place]], data }]);
    }
  }

  /** As when the network goes away: nothing is said. */
  drop(): void {
    this.joined.clear();
    for (const socket of this.server.clients) socket.terminate();
  }

  async stop(): Promise<void> {
    this.drop();
    this.server.close();
    await once(this.server, "close");
  }

  private hear(socket: WebSocket, [joinRef, ref, topic, event, payload]: Message): void {
    const reply = (response: object): void =>
      send(socket, [joinRef, ref, topic, "phx_reply", { status: "ok", response }]);
    switch (event) {
      case "heartbeat":
        this.heartbeats++;
        return reply({});
      case "phx_join": {
        const changes = payload.config?.postgres_changes ?? [];
        const numbered = changes.map((change, at) => ({ ...change, id: 100 + at }));
        this.joins.push({ topic, token: payload.access_token, changes });
        this.joined.set(topic, { socket, joinRef, ids: numbered.map(({ id }) => id) });
        return reply({ postgres_changes: numbered });
      }
      case "access_token":
        return void this.tokens.push(payload.access_token);
      case "phx_leave":
        this.left.push(topic);
        this.joined.delete(topic);
        return reply({});
      default:
        throw new Error(`Supabase Realtime knows no ${event}`);
    }
  }
}

const send = (socket: WebSocket, message: readonly unknown[]): void => socket.send(JSON.stringify(message));
