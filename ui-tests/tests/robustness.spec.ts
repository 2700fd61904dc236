import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, test, type Page } from '@playwright/test';

import {
  faultsOf,
  GRACE,
  Network,
  openNotebook,
  saved,
  startRun,
  Watcher
} from '../notebookPage';
import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

/** A second try, which runs in a process of its own, must not meet the files of the first. */
const TRY = Date.now();

/** A cell that prints ticks until the file `ended` appears. */
const ticking = (ended: string): string =>
  turn(
    `import time
from pathlib import Path
tick = 0
while not Path("${ended}-${TRY}").exists():
    print("tick", tick)
    tick += 1
    time.sleep(0.1)
print("ended")`
  );

/** Let the ticking cell end. */
async function letEnd(page: Page, ended: string): Promise<void> {
  await page.evaluate(async path => {
    const { contents } = window.jupyterapp.serviceManager;
    await contents.save(path, { type: 'file', format: 'text', content: '' });
  }, `${ended}-${TRY}`);
}

/** What the ticking cell printed, if it is whole and in order: how many ticks hardly matters. */
function ticks(text: unknown): string {
  const count = String(text).split('\n').length - 2;
  return (
    Array.from({ length: count }, (_, i) => `tick ${i}\n`).join('') + 'ended\n'
  );
}

/** The text outputs of the saved notebook. */
async function printed(page: Page, watcher: Watcher): Promise<unknown[]> {
  const cells = await saved(page, watcher);
  return cells.flatMap(({ outputs }) => outputs ?? []).map(({ text }) => text);
}

async function openHere(page: Page, path: string): Promise<void> {
  await page.evaluate(async name => {
    await window.jupyterapp.commands.execute('docmanager:open', {
      path: name,
      factory: 'Notebook'
    });
  }, path);
}

const running = '[data-ml-intern="running"]';
const done = '[data-ml-intern="done"]';
const proposed = '.jp-mlIntern-proposed';

test('two tabs: one writes, the other follows and takes over', async ({
  page,
  context
}, info) => {
  const watcher = await startRun(page, model, 'ask', [
    turn('print("one")'),
    turn('print("two")')
  ]);
  await expect(page.locator(proposed)).toBeVisible();
  const second = await context.newPage();
  const faults = faultsOf(second);
  await openNotebook(second);
  await openHere(second, watcher.session.path);
  const panel = new PanelPage(second, info);
  await panel.show();
  await expect(panel.hint).toContainText('Another tab has this notebook open');
  await panel.shots('follows');

  // Edited here, approved there as it was proposed: what was seen runs, and Undo brings the words back.
  await expect(second.locator(proposed)).toBeVisible();
  await page.bringToFront();
  await page.locator(`${proposed} .cm-content`).click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('\nprint("mine")');
  await second.bringToFront();
  await panel.proposal.getByRole('button', { name: /^Approve/ }).click();
  await expect(panel.line('Show what there is')).toContainText('[1]');
  await page.bringToFront();
  const first = page.locator('.jp-Notebook .jp-CodeCell').first();
  await expect(first.locator('.jp-OutputArea-output')).toHaveText('one');
  await expect(first.locator('.cm-content')).not.toContainText('mine');
  await first.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(first.locator('.cm-content')).toContainText('mine');

  // The other one has read what this one saved, and goes on once this one is closed.
  await second.bringToFront();
  await expect(second.locator(proposed)).toContainText('two');
  await page.close();
  await expect(panel.hint).toHaveCount(0);
  await second.locator(proposed).getByText('Approve and run').click();
  await new Watcher(second, watcher.session).ended();
  await expect.poll(() => printed(second, watcher)).toEqual(['one\n', 'two\n']);
  await expect(second.getByRole('dialog')).toHaveCount(0);
  await panel.shot('took-over');
  expect(faults).toEqual([]);
});

test('two tabs save what each of them changed', async ({ page, context }) => {
  const watcher = await startRun(page, model, 'auto', [turn('print("one")')]);
  await watcher.ended();
  await expect.poll(() => printed(page, watcher)).toEqual(['one\n']);
  const second = await context.newPage();
  const faults = faultsOf(second);
  await openNotebook(second);
  await openHere(second, watcher.session.path);
  const add = async (tab: Page, place: number, text: string): Promise<void> => {
    await tab.bringToFront();
    const cells = tab.locator('.jp-Notebook:visible .jp-CodeCell');
    await cells.nth(place).locator('.cm-content').click();
    await tab.keyboard.press('ControlOrMeta+End');
    await tab.keyboard.type(text);
  };
  const save = async (tab: Page): Promise<void> =>
    tab.evaluate(async () => {
      await window.jupyterapp.commands.execute('docmanager:save');
    });
  await add(page, 1, '# written here');
  await add(second, 0, '  # written there');
  await save(second);
  await page.bringToFront();
  await save(page);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const both = ['print("one")  # written there', '# written here'];
  const sources = (await saved(page, watcher)).map(({ source }) => source);
  expect(sources).toEqual(expect.arrayContaining(both));
  await expect(page.locator('.jp-CodeCell .cm-content')).toHaveText(both);
  expect(faults).toEqual([]);
});

test('a cut connection loses nothing, and no unsaved words', async ({
  page
}, info) => {
  const faults = faultsOf(page);
  const network = await Network.of(page);
  const watcher = await startRun(page, model, 'auto', [
    ticking('ended-cut'),
    turn('print("after")')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(page.locator(running)).toContainText('tick 3');
  await network.cut();
  await expect(panel.state).toHaveText('reconnecting');
  await panel.shots('reconnecting');
  const last = page.locator('.jp-Notebook .jp-CodeCell').last();
  await last.click();
  await page.keyboard.type('# my own words');
  // By then the server writes in this tab's place.
  await page.waitForTimeout(GRACE + 2000);
  await expect(panel.state).toHaveText('reconnecting');
  // Nobody but the server has changed the file: the person isn't asked about that.
  await panel.run('docmanager:save');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await letEnd(page, 'ended-cut');
  network.restore();
  await expect(panel.state).toHaveText('finished');
  await expect.poll(async () => (await printed(page, watcher)).length).toBe(2);
  const [first, second] = await printed(page, watcher);
  expect([first, second]).toEqual([ticks(first), 'after\n']);
  await expect
    .poll(async () => (await saved(page, watcher)).pop()?.source)
    .toBe('# my own words');
  await expect(page.locator(done)).toHaveCount(2);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await panel.shot('back');
  expect(faults).toEqual([]);
});

test('5,000 events are replayed without a word', async ({ page }, info) => {
  const faults = faultsOf(page);
  const flood = `from IPython.display import display, HTML
handle = display(HTML("first"), display_id=True)
for i in range(5000):
    handle.update(HTML(f"update {i}"))`;
  const watcher = await startRun(page, model, 'auto', [turn(flood)]);
  const output = page.locator(`${done} .jp-OutputArea-output`);
  await watcher.ended();
  await expect(output).toHaveText('update 4999');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('docmanager:save')
  );
  await page.reload();
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(panel.state).toHaveText('finished');
  await expect(output).toHaveText('update 4999');
  await watcher.send({ type: 'review_notebook' });
  expect(watcher.events.length).toBeGreaterThan(5000);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await panel.shot('replayed');
  expect(faults).toEqual([]);
});

test('a renamed notebook keeps its run; a deleted cell stays deleted', async ({
  page
}, info) => {
  const faults = faultsOf(page);
  const watcher = await startRun(page, model, 'auto', [
    ticking('ended-renamed'),
    turn(
      'import sys\nfrom tqdm import tqdm\nfor _ in tqdm(range(50), file=sys.stdout):\n    pass'
    )
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(page.locator(running)).toContainText('tick 1');
  const old = watcher.session.path;
  watcher.session.path = old.replace('notebook', 'renamed');
  await page.evaluate(
    ([from, to]) => window.jupyterapp.serviceManager.contents.rename(from, to),
    [old, watcher.session.path] as const
  );
  await expect(panel.panel.locator('.jp-Intern-where')).toContainText(
    'renamed'
  );
  await expect(page.locator(running)).toContainText('tick 30');
  await page.locator(`${running} .jp-InputPrompt`).first().click();
  await page.keyboard.press('d');
  await page.keyboard.press('d');
  await expect(page.locator(running)).toHaveCount(0);
  await letEnd(page, 'ended-renamed');
  await watcher.ended();
  await expect(panel.state).toHaveText('finished');
  await expect.poll(() => printed(page, watcher)).toHaveLength(1);
  // Of a progress bar that overwrites itself its last state stays.
  const [bar] = await printed(page, watcher);
  expect(bar).toMatch(/^100%\|█+\| 50\/50 \[[^\r\n]*\]\n$/);
  await expect(page.locator(done)).toHaveCount(1);
  const left = await page.evaluate(async () => {
    const { contents } = window.jupyterapp.serviceManager;
    const folder = await contents.get('');
    return (folder.content as { name: string }[]).map(({ name }) => name);
  });
  expect(left).not.toContain(old);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await panel.shot('renamed');
  expect(faults).toEqual([]);
});

test('what was approved beforehand survives a reload; the menu undoes, opens and deletes', async ({
  page
}, info) => {
  const faults = faultsOf(page);
  await startRun(page, model, 'ask', [
    turn('print("one")'),
    ticking('ended-reload'),
    turn('print("three")')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await panel.button('all of step ▸').click();
  await expect(page.locator(running)).toContainText('tick 3');
  await page.reload();
  // The next cell may come before the page is back, or after.
  await letEnd(page, 'ended-reload').catch(() => undefined);
  await panel.show();
  await letEnd(page, 'ended-reload');
  await expect(panel.state).toHaveText('finished');
  await expect(page.locator(done)).toHaveCount(3);

  await panel.more('New ML intern session');
  await expect(panel.panel).toContainText('it makes a plan');
  await panel.button('More').click();
  await panel.shot('menu');
  await page.getByRole('menuitem', { name: 'Show what there is.' }).click();
  await expect(panel.state).toHaveText('finished');

  const edited = page.locator('.jp-Notebook .jp-CodeCell').first();
  await edited.locator('.cm-content').click();
  await page.keyboard.type('# mine\n');
  await panel.run('docmanager:save');
  await panel.more('Undo the last run');
  await expect(panel.panel).toContainText('stayed because you changed it');
  await expect(page.locator('[data-ml-intern]')).toHaveCount(1);
  await expect(edited).toContainText('# mine');
  await panel.shots('undone');

  await panel.more('Delete this session…');
  // A socket that is refused and a session that is gone are in the console, as the browser writes them there.
  expect(faults.splice(0)).toEqual([]);
  await page.getByRole('dialog').getByText('Delete', { exact: true }).click();
  await expect(panel.panel).toContainText('it makes a plan');
  await expect(edited).toContainText('# mine');
  expect(faults.filter(fault => !/404/.test(fault))).toEqual([]);
});

test('a kernel that is restarted or exchanged in mid-run is told in words', async ({
  page
}, info) => {
  const faults = faultsOf(page);
  const watcher = await startRun(page, model, 'auto', [
    turn('begun = 1\nprint("kept", begun)'),
    ticking('ended-never')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  await expect(page.locator(running)).toContainText('tick 3');
  await page.evaluate(async () => {
    const { currentWidget } = window.jupyterapp.shell as unknown as {
      currentWidget: NotebookPanel;
    };
    const { kernel } = currentWidget.sessionContext.session ?? {};
    await kernel?.restart();
  });
  await expect(panel.panel.getByRole('alert')).toContainText(
    /kernel was restarted.*Resume the run/
  );
  await panel.shots('interrupted');
  await panel.button('Resume').click();
  await expect(page.locator(running)).toContainText('tick 1');
  await expect(panel.state).toHaveText('working');
  await panel.button('Stop').click();
  await expect(panel.state).toHaveText('stopped');
  await watcher.ended();
  expect(faults).toEqual([]);
});

test('▶ approves a proposal, and Run All says what it did to one', async ({
  page
}, info) => {
  const watcher = await startRun(page, model, 'ask', [
    turn('print("one")'),
    turn('print("two")')
  ]);
  const panel = new PanelPage(page, info);
  await panel.show();
  // For the first time, and from then on as the person leaves it.
  await expect
    .poll(async () => (await panel.panel.boundingBox())?.width ?? 0)
    .toBeGreaterThan(390);
  await page.locator(`${proposed} .jp-InputPrompt`).first().click();
  await page
    .locator('[data-command="notebook:run-cell-and-select-next"]')
    .first()
    .click();
  await expect(panel.line('Show what there is')).toContainText('[1]');
  await expect(page.locator(proposed)).toContainText('two');
  await panel.run('notebook:run-all-cells');
  await expect(
    page.getByRole('alert').filter({ hasText: 'ran as yours' })
  ).toBeVisible();
  await panel.shot('run-all');
  await expect(panel.state).toHaveText('waiting for you');
  await panel.button(/^Approve/).click();
  await expect(panel.state).toHaveText('finished');
  await watcher.ended();
});
