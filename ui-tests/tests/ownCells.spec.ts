import { expect, test, type Page } from '@playwright/test';

import { codeCell, openNotebook, saved, type Watcher } from '../notebookPage';
import { PanelPage } from '../panelPage';
import { labUrl, WHOLE } from '../servers';

test.setTimeout(120_000);

/** Prints a line every tenth of a second, for ten seconds and more. */
const PRINTING =
  'import time\nfor i in range(100):\n    print("line", i)\n    time.sleep(0.1)';
const WHOLE_OUTPUT = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(
  ''
);

async function letServerRun(page: Page, on: boolean): Promise<void> {
  await page.evaluate(async value => {
    await window.jupyterapp.serviceManager.settings.save(
      'ml-intern-jlab:plugin',
      JSON.stringify({ ownCells: value })
    );
  }, on);
}

/** The text of each saved cell's outputs. */
async function printed(page: Page, watcher: Watcher): Promise<string[]> {
  const cells = await saved(page, watcher);
  return cells.map(({ outputs }) =>
    (outputs ?? []).map(({ text }) => String(text)).join('')
  );
}

test('cells of my own go on and keep their output when I close the tab', async ({
  page,
  context
}, info) => {
  await openNotebook(page);
  await letServerRun(page, true);
  const watcher = await openNotebook(page, [
    codeCell('long', PRINTING),
    codeCell('next', 'print("after", i)'),
    codeCell('wrong', '1 / 0'),
    codeCell('never', 'print("never")')
  ]);
  const panel = new PanelPage(page, info);
  await panel.ready();
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  await page.evaluate(
    () => void window.jupyterapp.commands.execute('notebook:run-all-cells')
  );
  await expect(cells.first()).toContainText('line 5');
  await expect(cells.nth(1).locator('.jp-InputPrompt')).toHaveText('[*]:');
  await panel.shot('running');
  await page.close();

  const second = await context.newPage();
  const faults: string[] = [];
  second.on('pageerror', error => faults.push(error.message));
  const again = new PanelPage(second, info);
  await second.goto(labUrl(WHOLE) + '&reset');
  await again.ready();
  await second.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', {
      path,
      factory: 'Notebook'
    });
  }, watcher.session.path);
  const mine = second.locator('.jp-Notebook .jp-CodeCell');
  await expect(mine.nth(2)).toContainText('ZeroDivisionError', {
    timeout: 40_000
  });
  await expect(mine.locator('.jp-InputPrompt')).toHaveText([
    '[1]:',
    '[2]:',
    '[3]:',
    '[ ]:'
  ]);
  await expect
    .poll(async () => (await printed(second, watcher)).slice(0, 2))
    .toEqual([WHOLE_OUTPUT, 'after 99\n']);
  expect((await saved(second, watcher)).map(({ id }) => id)).toEqual([
    'long',
    'next',
    'wrong',
    'never'
  ]);
  await again.shot('whole');

  // Whoever may be asked for input is asked on their own page; and what was chosen can be changed back.
  await expect(second.getByRole('dialog')).toHaveCount(0);
  await letServerRun(second, false);
  expect(faults).toEqual([]);
});
