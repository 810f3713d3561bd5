import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/player/',
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    outDir: '../player-dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // janus.js tells by itself in which kind of module it runs.
    rolldownOptions: { checks: { commonJsVariableInEsm: false } },
    license: { fileName: 'licenses.md' },
  },
});
