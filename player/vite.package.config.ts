/** Builds the npm package: `dist/`, beside the page that vite.config.ts builds from the same sources. */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const modules = { index: 'src/core/index.ts', vue: 'src/vue/index.ts', compat: 'src/compat/index.ts' };
/** Brings its own Vue, so that any page can have it; therefore a build of its own. */
const element = { element: 'src/element.ts' };

export default defineConfig(({ mode }) => ({
  plugins: [vue()],
  publicDir: false,
  define: mode === 'element' ? { __VUE_OPTIONS_API__: 'false', 'process.env.NODE_ENV': '"production"' } : {},
  build: {
    target: 'es2022',
    emptyOutDir: mode !== 'element',
    minify: mode === 'element',
    lib: { entry: mode === 'element' ? element : modules, formats: ['es'] },
    rolldownOptions: {
      external: ['janus-gateway', 'webrtc-adapter', ...(mode === 'element' ? [] : ['vue'])],
      output: { chunkFileNames: 'chunks/[name].js' },
    },
  },
}));
