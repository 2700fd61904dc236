import { expect, test } from '@playwright/test';

import { PanelPage } from '../panelPage';
import { WHOLE } from '../servers';

test('the main job: an example from its task to checked deliverables', async ({
  page
}, info) => {
  test.setTimeout(360_000);
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await expect(panel.button(/Predict a species/)).toBeVisible();
  await panel.shot('empty');
  const endFilm = panel.film();
  await panel.button(/Predict a species/).click();
  await expect(panel.composer).toHaveValue(/penguins/);
  await panel.shot('task');
  await panel.composer.press('Enter');

  // The first cell by itself, its step as a whole, then whatever the policy lets run.
  await expect(panel.proposal).toBeVisible();
  await panel.shot('first-cell');
  await panel.button(/^Approve/).click();
  await expect(
    panel.panel.locator('.jp-Intern-lines li').first()
  ).toBeVisible();
  await expect(panel.proposal).toBeVisible();
  await expect(page.locator('.jp-mlIntern-proposed')).toBeInViewport();
  await panel.shot('second-cell');
  await panel.button('all of step ▸').click();
  await panel.panel.getByText('Auto', { exact: true }).click();
  await expect(panel.state).toHaveText('finished', { timeout: 300_000 });
  await endFilm();

  const deliverables = panel.panel.getByRole('region', {
    name: 'Deliverables'
  });
  const [all, passed] = [
    await deliverables.locator('li').count(),
    await deliverables.locator('li.jp-mod-passed').count()
  ];
  expect(all).toBeGreaterThan(0);
  expect(passed).toBe(all);
  await expect(panel.plan.locator('li .jp-mod-active')).toHaveCount(0);
  await expect(page.locator('[data-ml-intern="failed"]')).toHaveCount(0);

  const rows = await page.evaluate(async () => {
    const { contents } = window.jupyterapp.serviceManager;
    const count = async (path: string) => {
      const file = await contents.get(path, {
        type: 'file',
        format: 'text',
        content: true
      });
      return (file.content as string).trim().split('\n').length;
    };
    return [await count('predictions.csv'), await count('test.csv')];
  });
  expect(rows[0]).toBe(rows[1]);
  await panel.shots('main-job');

  await panel.more('Review this notebook');
  await expect(panel.button('Review again')).toBeVisible();
  await panel.shot('review');
  expect(panel.faults).toEqual([]);
});
