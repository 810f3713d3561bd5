import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [vue()],
  test: {
    name: 'player',
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'https://media.example:8443/player/' } },
    include: ['test/**/*.test.ts'],
    // janus.js tells by itself in which kind of module it runs; Node's own loader lets it see the truth.
    server: { deps: { external: [/janus-gateway/] } },
  },
});
