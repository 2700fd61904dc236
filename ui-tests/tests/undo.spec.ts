import { expect, test, type Page } from '@playwright/test';

import {
  codeCell,
  saved,
  startRun,
  type ISavedCell,
  type Watcher
} from '../notebookPage';
import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

/** The saved code cells: the source of each. */
async function sources(page: Page, watcher: Watcher): Promise<string[]> {
  const cells: ISavedCell[] = await saved(page, watcher);
  return cells
    .filter(({ cell_type }) => cell_type === 'code')
    .map(({ source }) => source);
}

const ONE = '# One\nprint("one")';
const TWO = '# Two\nopen("left-behind.txt", "w").write("two")';
const THREE = '# Three\nprint("three")';
const MINE = 'own = 1\nprint("own")';
const LAST = 'print("below")';

test('a run goes and comes back; what the person wrote stays', async ({
  page
}, info) => {
  const watcher = await startRun(
    page,
    model,
    'auto',
    [ONE, TWO, THREE].map(source => turn(source)),
    [codeCell('mine', MINE), codeCell('last', LAST)]
  );
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(panel.state).toHaveText('finished');
  await expect
    .poll(async () => new Set(await sources(page, watcher)))
    .toEqual(new Set([MINE, ONE, TWO, THREE, LAST]));
  const whole = await sources(page, watcher);

  // The last cell alone; the others can still be undone.
  await panel.button('Undo its last cell').click();
  const without = (...gone: string[]) =>
    whole.filter(source => !gone.includes(source));
  await expect.poll(() => sources(page, watcher)).toEqual(without(THREE));
  await expect(panel.panel).toContainText('Some cells of this run');

  // Typed, not saved: it counts as the person's all the same.
  const edited = page.locator('.jp-Notebook .jp-CodeCell', {
    hasText: '# One'
  });
  await edited.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('  # and mine');
  await panel.button('Undo this run').click();
  const own = `${ONE}  # and mine`;
  await expect
    .poll(() => sources(page, watcher))
    .toEqual(without(TWO, THREE).map(each => (each === ONE ? own : each)));
  const undone = panel.panel.getByRole('region', { name: 'Undone' });
  await expect(undone).toContainText('stayed because you changed it');
  await expect(undone.getByRole('figure')).toHaveText([
    `Yours${own}`,
    `The intern's${ONE}`
  ]);
  await expect(undone).toContainText('Two: line 2 writes');
  await expect(panel.button('Undo this run')).toHaveCount(0);
  await panel.shots('undone');

  // It goes too once the person says so, and comes back as the person left it.
  await undone.getByRole('button', { name: 'Remove it too' }).click();
  await expect
    .poll(() => sources(page, watcher))
    .toEqual(without(ONE, TWO, THREE));
  await panel.shot('removed');
  await undone.getByRole('button', { name: 'Bring them back' }).click();
  await expect
    .poll(() => sources(page, watcher))
    .toEqual(whole.map(each => (each === ONE ? own : each)));
  await expect(edited.locator('.jp-OutputArea-output')).toHaveText('one');
  await expect(undone).toHaveCount(0);
  await panel.shot('back');

  // A kernel that holds nothing of the run: the person's own cells above ran again.
  await panel.more('Undo the last run');
  await undone.getByRole('button', { name: /Restart and run up/ }).click();
  await page.getByRole('dialog').getByText('Restart', { exact: true }).click();
  const above = page.locator('.jp-Notebook .jp-CodeCell').first();
  await expect(above.locator('.jp-InputPrompt')).toHaveText('[1]:');
  await expect(above.locator('.jp-OutputArea-output')).toHaveText('own');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.reload();
  await panel.show();
  await expect(undone).toContainText('were taken out');
  expect(panel.faults).toEqual([]);
});

test('what a run changed is shown beside the notebook', async ({
  page
}, info) => {
  await startRun(
    page,
    model,
    'auto',
    [ONE, TWO, THREE].map(source => turn(source, 'A word before.')),
    [codeCell('mine', MINE)]
  );
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(panel.state).toHaveText('finished');
  const edited = page.locator('.jp-Notebook .jp-CodeCell', {
    hasText: '# One'
  });
  await edited.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('  # and mine');
  await panel.button('Undo its last cell').click();
  await expect(panel.panel).toContainText('Some cells of this run');

  await panel.button('Show what it changed').click();
  const view = page.getByRole('document').filter({ hasText: 'What the run' });
  const change = (name: string) => view.getByRole('listitem', { name });
  await expect(change('Code added, changed by you since')).toContainText(
    '-print("one")'
  );
  await expect(
    change('Code added, changed by you since').locator('ins')
  ).toHaveText(['+print("one")  # and mine\n']);
  await expect(view.getByLabel('Code added', { exact: true })).toContainText(
    'left-behind.txt'
  );
  await expect(change('Code added, taken out since')).toContainText(
    '-print("three")'
  );
  await expect(view).toContainText('own = 1');
  await panel.shots('changes');
  await change('Code added, changed by you since').getByRole('button').click();
  await expect(page.locator('.jp-Notebook .jp-mod-active')).toContainText(
    '# and mine'
  );
  expect(panel.faults).toEqual([]);
});
