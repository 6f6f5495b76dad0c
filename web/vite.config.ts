import { defineConfig } from 'vitest/config';

export default defineConfig({
  // `vite` alone serves the client with hot reload in front of a running server.
  server: {
    port: 5173,
    proxy: {
      '/api': 'http://localhost:5000',
      '/health': 'http://localhost:5000',
      '/socket.io': { target: 'http://localhost:5000', ws: true },
    },
  },
  build: {
    target: 'es2022',
    // CodeMirror, yjs and socket.io-client are one page's worth of code; language modes are separate chunks.
    chunkSizeWarningLimit: 1200,
    // The server's content security policy has no place for inlined data beyond images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
  },
});
