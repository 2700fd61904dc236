import { expect, test } from '@playwright/test';

import { codeCell, saved, startRun } from '../notebookPage';
import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

const VIEW = 'application/vnd.jupyter.widget-view+json';

test('widgets of a cell that the server ran display and work', async ({
  page
}, info) => {
  const watcher = await startRun(
    page,
    model,
    'auto',
    [
      turn(
        'import time\nfrom tqdm.notebook import tqdm\nfor _ in tqdm(range(40), desc="Counting"):\n    time.sleep(0.02)'
      ),
      turn(
        'import ipywidgets\nslider = ipywidgets.IntSlider(value=3, description="Depth")\nslider'
      )
    ],
    [codeCell('own', 'print("chosen", slider.value)')]
  );
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(panel.state).toHaveText('finished');
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  const bar = cells.filter({ hasText: 'tqdm.notebook' });
  await expect(bar.locator('.widget-hbox')).toContainText('Counting: 100%');
  await expect(bar.locator('.widget-hbox')).toContainText('40/40');
  const slider = cells.filter({ hasText: 'IntSlider' });
  const readout = slider.locator('.widget-readout');
  await expect(readout).toHaveText('3');
  await panel.shots('widgets');

  // Moved here, it is another value there.
  await readout.click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('42');
  await page.keyboard.press('Enter');
  const own = cells.filter({ hasText: 'print("chosen"' });
  await own.locator('.cm-content').click();
  await panel.run('notebook:run-cell');
  await expect(own.locator('.jp-OutputArea-output')).toHaveText('chosen 42');

  // Who has no widgets reads text.
  await panel.run('docmanager:save');
  const shown = (await saved(page, watcher)).flatMap(({ outputs }) =>
    (outputs ?? []).map(({ data }) => data as Record<string, unknown>)
  );
  const views = shown.filter(data => data && VIEW in data);
  expect(views).toHaveLength(2);
  expect(views.map(data => typeof data['text/plain'])).toEqual([
    'string',
    'string'
  ]);

  // The page that comes back asks the kernel for what they show.
  await page.reload();
  await panel.show();
  await expect(readout).toHaveText('42');
  await expect(bar.locator('.widget-hbox')).toContainText('40/40');
  expect(panel.faults).toEqual([]);
});
