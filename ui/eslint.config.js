import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist/', 'dist-preview/', 'src/paraglide/', 'src/ipc/generated/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, __PREVIEW__: 'readonly' } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  { files: ['*.js', '*.ts', 'scripts/**', 'e2e/**'], languageOptions: { globals: globals.node } },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-globals': ['error', 'event', 'name'],
      'no-undef': 'off',
      'svelte/no-at-html-tags': 'error',
      // Maps and sets here are either replaced as a whole (`$state.raw`) or never shown.
      'svelte/prefer-svelte-reactivity': 'off',
      // Only the ipc folder speaks to Tauri.
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tauri-apps/*'], message: 'Import from src/ipc instead.' }] }],
    },
  },
  { files: ['src/ipc/**'], rules: { 'no-restricted-imports': 'off' } },
);
