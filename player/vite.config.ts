import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** `npm run dev`: the page from its source, with all else from the deployment that runs here. */
const deployment = process.env.DEPLOYMENT ?? 'https://localhost:8443';
const deployed = ['/janus', '/turn-credentials', '/extras', '/player/config.js'];

export default defineConfig({
  base: '/player/',
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'false' },
  server: {
    // Its certificate is of its own making.
    proxy: Object.fromEntries(deployed.map((path) => [path, { target: deployment, secure: false }])),
  },
  build: {
    outDir: '../player-dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // janus.js tells by itself in which kind of module it runs.
      checks: { commonJsVariableInEsm: false },
      // Beside the page, the custom element for others, at an address that does not change.
      input: { index: 'index.html', 'janus-play': 'src/element.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'janus-play' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
    license: { fileName: 'licenses.md' },
  },
});
