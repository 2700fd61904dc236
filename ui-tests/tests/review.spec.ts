import { expect, test } from '@playwright/test';

import { codeCell, openNotebook } from '../notebookPage';
import { PanelPage } from '../panelPage';

test('a review lists what it found, and a finding leads to its cell', async ({
  page
}, info) => {
  await openNotebook(page, [
    codeCell('use', 'print(later)'),
    codeCell('define', 'later = open("/home/ada/data.csv")')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await panel.more('Review this notebook');
  const review = panel.panel.getByRole('region', { name: 'Review' });
  await expect(review).toContainText('uses later, which only cell 2');
  await expect(review).toContainText('/home/ada/data.csv');
  await review.getByRole('button', { name: /uses later/ }).click();
  await expect(page.locator('.jp-Notebook .jp-mod-active')).toContainText(
    'print(later)'
  );
  await panel.shots('review');

  // What was mended is found no more.
  const editors = page.locator('.jp-Notebook .cm-content');
  for (const [index, source] of ['print(1)', 'later = 1'].entries()) {
    await editors.nth(index).click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type(source);
  }
  await panel.run('notebook:run-all-cells');
  await panel.run('docmanager:save');
  await review.getByRole('button', { name: 'Review again' }).click();
  await expect(review).toContainText('found nothing to mend');
  await panel.shot('clean');
});

test('a finding is mended, or dismissed with a reason that stays', async ({
  page
}, info) => {
  await openNotebook(page, [
    codeCell('quiet', 'import warnings\nwarnings.filterwarnings("ignore")'),
    codeCell('path', 'open("/home/ada/data.csv")')
  ]);
  const panel = new PanelPage(page, info);
  await page
    .locator('.jp-NotebookPanel-toolbar')
    .getByRole('button', { name: /Let rules look/ })
    .click();
  const review = panel.panel.getByRole('region', { name: 'Review' });
  await expect(review).toContainText('1 warning');
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  await expect(cells.nth(0)).toHaveAttribute('data-ml-intern-finding', 'note');
  await expect(cells.nth(1)).toHaveAttribute(
    'data-ml-intern-finding',
    'warning'
  );
  await panel.shot('findings');

  await review.getByRole('button', { name: 'Fix' }).click();
  await expect(cells.nth(0)).not.toContainText('filterwarnings');

  const path = review.getByRole('listitem').filter({ hasText: '/home/ada' });
  await path.getByRole('button', { name: 'Dismiss…' }).click();
  await path.getByRole('textbox').fill('our own cluster');
  await panel.shot('dismissing');
  await path.getByRole('button', { name: 'Dismiss', exact: true }).click();
  await expect(path).toHaveCount(0);
  // That it was never run is still said.
  await expect(cells.nth(1)).toHaveAttribute('data-ml-intern-finding', 'note');
  await review.getByRole('button', { name: 'Review again' }).click();
  await expect(review).not.toContainText('filterwarnings');
  await review.getByText('1 dismissed').click();
  await expect(review).toContainText('our own cluster');
  await panel.shot('dismissed');
  await review.getByRole('button', { name: 'Take back' }).click();
  await expect(path).toHaveCount(1);
});

test('a read-only notebook says how to go on', async ({ page }, info) => {
  // Where the tests run as root every file may be written, so the page is told otherwise.
  await page.route(/\/api\/contents\/notebook-/, async route => {
    const response = await route.fetch();
    const body: unknown = await response.json().catch(() => null);
    await (body && typeof body === 'object' && !Array.isArray(body)
      ? route.fulfill({ response, json: { ...body, writable: false } })
      : route.fulfill({ response }));
  });
  await openNotebook(page, [codeCell('one', 'print(1)')]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(panel.hint).toContainText('read-only');
  await expect(panel.hint).toContainText('Save Notebook As');
  await panel.shots('read-only');
});

test('a notebook is run again, and each cell gets a verdict', async ({
  page
}, info) => {
  // As for a person who has left the panel as narrow as it can be.
  await page.addInitScript(() =>
    window.localStorage.setItem('ml-intern:widened', 'true')
  );
  await openNotebook(page, [
    codeCell('chance', 'import random\nprint("score:", random.random())'),
    codeCell('sure', 'print(1 + 1)')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await panel.run('notebook:run-all-cells');
  await expect(
    page.locator('.jp-Notebook .jp-OutputArea-output').last()
  ).toContainText('2');
  await panel.more('Review this notebook');
  const again = panel.panel.getByRole('group', { name: 'Run again' });
  await again.getByRole('button', { name: 'Run it again…' }).click();
  await expect(again).toContainText('in a clean kernel');
  await panel.shot('rerun-asking');
  await again.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(again).toContainText('Cell 1: different', { timeout: 50_000 });
  await expect(again).toContainText('Cell 2: the same');
  await again.getByText('Difference').click();
  await expect(again.locator('pre')).toContainText('score:');
  await panel.shots('rerun');
  const { width = 0 } = (await panel.panel.boundingBox()) ?? {};
  expect(width).toBeLessThanOrEqual(330);
  const overflow = await panel.panel.evaluate(
    node => node.scrollWidth - node.clientWidth
  );
  expect(overflow).toBe(0);
});

test('a second run is stopped', async ({ page }, info) => {
  await openNotebook(page, [
    codeCell('quick', 'print(1)'),
    codeCell('slow', 'import time\ntime.sleep(600)')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await panel.more('Review this notebook');
  const again = panel.panel.getByRole('group', { name: 'Run again' });
  await again.getByRole('button', { name: 'Run it again…' }).click();
  await again.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(again).toContainText('1 of 2 cells', { timeout: 50_000 });
  await panel.shot('rerun-working');
  await again.getByRole('button', { name: 'Stop' }).click();
  await expect(again).toContainText('Stopped.');
  await expect(again).toContainText('Cell 2: failed');
});
