import { expect, test, type Page, type TestInfo } from '@playwright/test';

import type { SessionInfo } from '../../src/protocol';
import {
  END,
  codeCell,
  openNotebook,
  PLAN,
  saved,
  startRun,
  type ISavedCell
} from '../notebookPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());

function shot(page: Page, info: TestInfo, name: string): Promise<Buffer> {
  return page.screenshot({ path: info.outputPath(`${name}.png`) });
}

const OUTPUTS = [
  `import time
for i in range(101):
    print(f"\\r{i:3}% |{'#' * (i // 10):10}|", end="", flush=True)
    time.sleep(0.003)
print()`,
  `from IPython.display import clear_output
for i in range(20):
    clear_output(wait=True)
    print("round", i)
    time.sleep(0.01)`,
  `from IPython.display import display, HTML
handle = display(HTML("<b>first</b>"), display_id=True)
print("between")
handle.update(HTML("<b>second</b>"))`,
  'handle.update(HTML("<b>third, from the next cell</b>"))',
  `import matplotlib.pyplot as plt
plt.plot([1, 3, 2]);`,
  `import pandas as pd
pd.DataFrame({"species": ["Adelie", "Gentoo"], "mass": [3700, 5076]})`,
  `for i in range(20_000):
    print("line", i)`
];

/** Outputs as far as two runs of one source have them in common. */
function comparable(cells: ISavedCell[], sources: string[]): unknown[] {
  return sources.map(source => {
    const cell = cells.find(each => each.source === source);
    return cell?.outputs?.map(output => ({
      ...output,
      execution_count: null,
      traceback: []
    }));
  });
}

test('outputs of every kind stand in the tab as in a run of its own', async ({
  page
}, info) => {
  test.setTimeout(180_000);
  const sources = [...OUTPUTS, '1 / 0'];
  const watcher = await startRun(
    page,
    model,
    'auto',
    sources.map(code => turn(code))
  );
  await watcher.ended();
  await expect(
    page
      .locator('.jp-Notebook')
      .getByRole('paragraph')
      .filter({ hasText: 'That is all there is to' })
  ).toBeVisible();
  await shot(page, info, 'outputs');
  await expect
    .poll(async () => (await saved(page, watcher)).length)
    .toBe(sources.length + 4);
  const ours = await saved(page, watcher);

  // The same sources, run by JupyterLab itself.
  const own = await openNotebook(
    page,
    sources.map((source, index) => codeCell(`own-${index}`, source))
  );
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
    await window.jupyterapp.commands.execute('docmanager:save');
  });
  const theirs = await saved(page, own);
  expect(comparable(ours, sources)).toEqual(comparable(theirs, sources));
  expect(
    ours
      .filter(cell => cell.cell_type === 'code' && cell.source !== '')
      .map(cell => cell.execution_count ?? 0)
  ).toEqual(sources.map((_, index) => index + 1));
});

test('a proposal is edited in place and approved by Shift+Enter', async ({
  page
}, info) => {
  const watcher = await startRun(page, model, 'ask', [
    turn('total = 40\nprint(total)', 'I add up what is there.'),
    turn('open("notes.txt", "w").close()', 'I keep it in a file.')
  ]);
  const proposed = page.locator('.jp-mlIntern-proposed');
  await expect(proposed.getByRole('button', { name: 'Reject…' })).toBeVisible();
  await expect(proposed).toContainText('step 1 of 1');
  await shot(page, info, 'proposal-light');

  const first = await proposed.getAttribute('data-ml-intern');
  expect(first).toBe('proposed');
  await proposed.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('\nprint("by hand")');
  await page.keyboard.press('Shift+Enter');
  await expect(
    page.locator('.jp-Notebook .jp-OutputArea-output').first()
  ).toHaveText(/40\s+by hand/);
  await expect(page.locator('[data-ml-intern="edited"]')).toHaveCount(1);

  await expect(proposed).toContainText('writes');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('apputils:change-theme', {
      theme: 'JupyterLab Dark'
    })
  );
  await expect(page.locator('body')).toHaveAttribute(
    'data-jp-theme-light',
    'false'
  );
  await shot(page, info, 'proposal-dark');
  await proposed.getByRole('button', { name: 'Reject…' }).click();
  await page.keyboard.type('Keep it in memory.');
  await shot(page, info, 'reject');
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-mlIntern-proposed')).toHaveCount(0);
  await watcher.ended();
  await expect
    .poll(async () =>
      (await saved(page, watcher)).map(({ source }) => source).join('\n')
    )
    .not.toContain('notes.txt');
  await expect(
    page.locator('.jp-Notebook').getByText('I keep it in a file.')
  ).toHaveCount(0);
});

test('a reload in mid-run brings proposal, outputs and running cell back', async ({
  page
}, info) => {
  const problems: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') {
      problems.push(message.text());
    }
  });
  const slow =
    'import time\nfor i in range(80):\n    print("tick", i)\n    time.sleep(0.25)';
  const watcher = await startRun(page, model, 'ask', [
    turn('print("one")'),
    turn(slow)
  ]);
  const proposed = page.locator('.jp-mlIntern-proposed');
  await expect(proposed).toBeVisible();
  await page.reload();
  await expect(proposed).toBeVisible();
  await proposed.getByRole('button', { name: 'Approve' }).click();
  await expect(proposed).toContainText('tick');
  await proposed.getByRole('button', { name: 'Approve' }).click();
  await expect(
    page.locator('.jp-Notebook').getByText('tick 3').last()
  ).toBeVisible();
  const running = page.locator('[data-ml-intern="running"]');
  await expect(running.locator('.jp-InputPrompt').first()).toHaveText('[*]:');
  await page.reload();
  await expect(running.locator('.jp-InputPrompt').first()).toHaveText('[*]:');
  await shot(page, info, 'reloaded');
  await watcher.ended();
  await expect(page.locator('[data-ml-intern="done"]')).toHaveCount(2);
  const ticks = Array.from({ length: 80 }, (_, i) => `tick ${i}\n`).join('');
  await expect
    .poll(async () =>
      (await saved(page, watcher)).flatMap(({ outputs }) => outputs ?? [])
    )
    .toMatchObject([{ text: 'one\n' }, { text: ticks }]);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(problems).toEqual([]);
});

test('a closed notebook goes on at the server and comes back whole', async ({
  page
}) => {
  const slow =
    'import time\nfor i in range(24):\n    print("tick", i)\n    time.sleep(0.25)';
  const watcher = await startRun(page, model, 'auto', [
    turn(slow),
    turn('print("after")')
  ]);
  await expect(page.locator('[data-ml-intern="running"]')).toBeVisible();
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('docmanager:save');
    // Not awaited: the cell that still prints has made the notebook dirty again, and JupyterLab asks.
    void window.jupyterapp.commands.execute('application:close');
  });
  const discard = page
    .getByRole('dialog')
    .getByRole('button', { name: 'Discard' });
  const closed = page.locator('.jp-NotebookPanel');
  await expect(async () => {
    if (await discard.isVisible()) {
      await discard.click();
    }
    expect(await closed.count()).toBe(0);
  }).toPass();
  await watcher.ended();
  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', {
      path,
      factory: 'Notebook'
    });
  }, watcher.session.path);
  await expect(page.locator('[data-ml-intern="done"]')).toHaveCount(2);
  await expect(
    page
      .locator('.jp-Notebook')
      .getByRole('paragraph')
      .filter({ hasText: 'That is all there is to' })
  ).toBeVisible();
  const ticks = Array.from({ length: 24 }, (_, i) => `tick ${i}\n`).join('');
  await expect
    .poll(async () =>
      (await saved(page, watcher)).flatMap(({ outputs }) => outputs ?? [])
    )
    .toMatchObject([{ text: ticks }, { text: 'after\n' }]);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the person types and runs a cell of their own meanwhile', async ({
  page
}, info) => {
  const slow =
    'import time\nfor i in range(16):\n    print("tick", i)\n    time.sleep(0.25)';
  const watcher = await startRun(page, model, 'auto', [
    turn(slow),
    turn('1 / 0', 'This fails.'),
    turn('print("mended")', 'This mends it.')
  ]);
  await expect(page.locator('[data-ml-intern="running"]')).toBeVisible();
  const last = page.locator('.jp-Notebook .jp-CodeCell').last();
  await last.click();
  await page.keyboard.press('Enter');
  await page.keyboard.type('mine = 6 * 7\nprint("mine", mine)', { delay: 30 });
  await page.keyboard.press('Control+Enter');
  await watcher.ended();
  await expect(page.locator('[data-ml-intern="done"]')).toHaveCount(2);
  await expect(page.getByText('mine 42')).toBeVisible();
  await expect(
    page.locator('.jp-Notebook').getByText('This fails.')
  ).toHaveCount(0);
  await shot(page, info, 'meanwhile');

  // Undo takes back what the person did, and nothing of the agent's.
  await page.keyboard.press('Escape');
  await page.keyboard.press('z');
  await page.keyboard.press('z');
  await expect(page.locator('[data-ml-intern="done"]')).toHaveCount(2);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the magic hands its task over, and a saved notebook never does', async ({
  page
}, info) => {
  const watcher = await openNotebook(page, [
    codeCell('load', '%load_ext ml_intern_jlab'),
    codeCell(
      'task',
      '%%ml_intern --mode auto --model openai:scripted\nShow what there is.'
    ),
    codeCell('last', 'print("last")')
  ]);
  model.say(PLAN, turn('print("from the intern")'), END);
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('notebook:run-all-cells')
  );
  await expect(page.locator('.jp-Notebook').getByText('Finished.')).toBeVisible(
    { timeout: 40_000 }
  );
  await shot(page, info, 'magic');
  await expect
    .poll(async () => (await saved(page, watcher)).map(({ id }) => id).pop())
    .toBe('last');
  const sources = (await saved(page, watcher)).map(({ source }) => source);
  expect(sources[1]).toContain('%%ml_intern');
  expect(sources.slice(2, -1).join('\n')).toContain('print("from the intern")');

  await page.evaluate(() =>
    window.jupyterapp.commands.execute('docmanager:save')
  );
  await page.reload();
  await expect(
    page.locator('.jp-Notebook').getByText('Finished.')
  ).toBeVisible();
  const runs = await page.evaluate(async path => {
    const answer = await fetch(`/ml-intern/sessions?path=${path}`);
    const sessions = (await answer.json()) as SessionInfo[];
    return sessions.map(({ run_status }) => run_status);
  }, watcher.session.path);
  expect(runs).toEqual(['finished']);
});
