import { defineConfig } from '@playwright/test';
export default defineConfig({ testDir: 'e2e', testMatch: 'chat.spec.ts', workers: 2, timeout: 20000, outputDir: '/tmp/fake/out', reporter: 'line',
 use: { browserName: 'chromium', locale:'en-GB', launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu','--disable-quic'] } } });
