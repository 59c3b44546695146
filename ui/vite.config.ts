import { svelte } from '@sveltejs/vite-plugin-svelte';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { defineConfig } from 'vitest/config';
import { sprite } from './scripts/sprite.ts';

export default defineConfig(({ mode }) => ({
  plugins: [
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/paraglide',
      strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
      emitReadme: false,
    }),
    sprite(),
    svelte(),
  ],
  define: {
    // The preview data is only reachable where this is true; a production build drops it.
    __PREVIEW__: JSON.stringify(mode === 'preview'),
  },
  build: {
    target: ['es2022', 'safari16'],
    outDir: mode === 'preview' ? 'dist-preview' : 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Tests run the same code as the browser, not what a server would render.
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  test: { include: ['src/**/*.test.ts'], css: true },
}));
