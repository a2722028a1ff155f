import { defineConfig } from "vite";

// `cargo dev` serves the API and signs the demo's people in; both are reached through this server, so there
// is one origin.
const stack = process.env.STACK ?? "http://127.0.0.1:4242";

export default defineConfig({
  server: { proxy: { "/api": stack, "/auth": stack } },
});
