import { defineConfig } from '@playwright/test';
import * as path from 'path';

import { MODEL_PORT, SERVERS, TOKEN } from './servers';

const root = path.resolve(__dirname, '..');

export default defineConfig({
  testDir: path.join(__dirname, 'tests'),
  outputDir: path.join(__dirname, 'test-results'),
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  timeout: 60_000,
  expect: { timeout: 20_000 },
  // One browser and two servers are as much as two cores carry.
  workers: 1,
  // A test that passes only the second time is reported as flaky; it does not hide the rest.
  retries: process.env.CI ? 2 : 0,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure'
  },
  webServer: SERVERS.map(({ name, port, serverHalf }) => ({
    name,
    command: 'jupyter lab --config ui-tests/jupyter_server_test_config.py',
    cwd: root,
    env: {
      JUPYTER_CONFIG_DIR: path.join(root, 'build', 'ui-tests', 'config'),
      JUPYTER_PREFER_ENV_PATH: '1',
      OPENAI_BASE_URL: `http://127.0.0.1:${MODEL_PORT}/v1`,
      UI_TESTS_PORT: String(port),
      UI_TESTS_SERVER_HALF: serverHalf,
      UI_TESTS_TOKEN: TOKEN
    },
    // Jupyter removes its temporary folder when it may end by itself.
    gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 10_000 },
    timeout: 120_000,
    url: `http://127.0.0.1:${port}/api`
  }))
});
