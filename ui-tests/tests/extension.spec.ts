import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'fs';
import * as path from 'path';

import { PROTOCOL_VERSION, type Health } from '../../src/protocol';
import { HALF, labUrl, WHOLE, type IServer } from '../servers';

declare global {
  interface Window {
    /** What LabApp.expose_app_in_browser exposes. */
    jupyterapp: JupyterFrontEnd;
  }
}

const ROOT = path.resolve(__dirname, '../..');

const { version } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf-8')
) as { version: string };

const INTERN_PATHS = readFileSync(
  path.join(ROOT, 'style/icons/intern.svg'),
  'utf-8'
)
  .split('<path')
  .slice(1).length;

const PLUGIN_ID = 'ml-intern-jlab:plugin';

/** Open JupyterLab and wait until our plugin has activated. */
async function openLab(page: Page, server: IServer): Promise<void> {
  await page.goto(labUrl(server));
  await page.waitForFunction(
    id => window.jupyterapp?.isPluginActivated(id),
    PLUGIN_ID
  );
  // By then every plugin has activated, and its commands are there.
  await page.evaluate(async () => {
    await window.jupyterapp.restored;
  });
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
}

const ours = /ML intern/;

test('both halves are there', async ({ page }, testInfo) => {
  await openLab(page, WHOLE);

  const health = await page.evaluate(async () => {
    const response = await fetch('/ml-intern/health');
    return (await response.json()) as Health;
  });
  expect(health).toMatchObject({
    version,
    protocol: PROTOCOL_VERSION,
    running: 0
  });

  await page.getByRole('main').waitFor();
  await expect(page.getByRole('alert').filter({ hasText: ours })).toHaveCount(
    0
  );
  await page.screenshot({ path: testInfo.outputPath('jupyterlab.png') });
});

test('a missing server half is told, with the mending command', async ({
  page
}, testInfo) => {
  await openLab(page, HALF);

  const alert = page.getByRole('alert').filter({ hasText: ours });
  await expect(alert).toContainText(
    'jupyter server extension enable ml_intern_jlab'
  );
  await page.screenshot({ path: testInfo.outputPath('missing.png') });
});

test('the settings bear our icon', async ({ page }, testInfo) => {
  await openLab(page, WHOLE);
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('settingeditor:open', {
      query: 'ML intern'
    })
  );

  // JupyterLab draws another picture under the name of an icon that nobody has made.
  const icon = page
    .locator('.jp-PluginList-entry', { hasText: ours })
    .locator('svg[data-icon="ml-intern-jlab:intern"]');
  await expect(icon.locator('path')).toHaveCount(INTERN_PATHS);
  await page.screenshot({ path: testInfo.outputPath('settings.png') });
});

test("Binder's workspace opens with the panel", async ({ page }, testInfo) => {
  await openLab(page, WHOLE);
  const text = readFileSync(path.join(ROOT, 'binder/workspace.json'), 'utf-8');
  await page.evaluate(async workspace => {
    const { workspaces } = window.jupyterapp.serviceManager;
    const { data } = JSON.parse(workspace) as { data: object };
    await workspaces.save('binder', {
      data: data as never,
      metadata: { id: 'binder' }
    });
  }, text);
  await page.goto(labUrl(WHOLE).replace('/lab?', '/lab/workspaces/binder?'));
  await expect(page.locator('.jp-Intern')).toContainText('it makes a plan');
  await page.screenshot({ path: testInfo.outputPath('binder.png') });
});
