import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  base: '/',
  resolve: { conditions: ['@innkeeper/source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    rolldownOptions: {
      // The page uses a few pure functions of the model: without this its schemas, and zod with them, come along.
      treeshake: { moduleSideEffects: (id: string) => !/[\\/]packages[\\/]model[\\/]|[\\/]zod[\\/]/.test(id) },
    },
  },
});
