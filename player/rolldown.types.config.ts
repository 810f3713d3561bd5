/** Builds the package's declarations, one file for each of its entries. */
import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

export default defineConfig({
  input: {
    index: 'src/core/index.ts',
    vue: 'src/vue/index.ts',
    compat: 'src/compat/index.ts',
    element: 'src/element.ts',
  },
  external: ['vue'],
  plugins: [dts({ dtsOnly: true, tsc: { vue: true }, tsconfig: 'tsconfig.json' })],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name].d.ts' },
});
