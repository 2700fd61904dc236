import { expect, test, type Page, type TestInfo } from '@playwright/test';

import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { HALF, MODEL_PORT, WHOLE } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

const PLAN = '1. Look at the numbers\n2. Write them down';
const END = turn('final_answer("Three numbers, written to **numbers.csv**.")');
const LOOK = turn(
  '# Look at them\nnumbers = [1, 2, 3]\nprint(sum(numbers))',
  'First a look at the numbers.'
);
const WRITE = turn(
  '# Write them down\nwith open("numbers.csv", "w") as file:\n    file.write("1,2,3")'
);

/** A run of these turns, begun in the panel as a person begins it. */
async function begin(
  page: Page,
  info: TestInfo,
  ...turns: string[]
): Promise<PanelPage> {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await panel.chooseModel('openai:scripted');
  model.say(PLAN, ...turns, END);
  await panel.send('Look at three numbers');
  return panel;
}

test('what it is, before the first task', async ({ page }, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await expect(panel.panel).toContainText('it makes a plan');
  await expect(panel.state).toHaveText('ready');
  await expect(panel.panel).toContainText('nothing leaves this machine');
  await panel.shot('empty');
  expect(panel.faults).toEqual([]);
});

test('an example puts its task into the composer', async ({ page }, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await panel.button(/Predict a species/).click();
  await expect(panel.composer).toHaveValue(/Predict species from penguins/);
  await expect(panel.composer).toBeFocused();
  await panel.shot('example');
});

test('what each turn of the model took', async ({ page }, info) => {
  const panel = await begin(page, info, LOOK);
  await panel.proposal.focus();
  await page.keyboard.press('Enter');
  await expect(panel.state).toHaveText('finished');
  const usage = panel.panel.locator('.jp-Intern-usage');
  await expect(usage).toHaveText(/^[\d,]+ tokens/);
  await usage.locator('summary').click();
  await expect(usage.getByRole('row')).toHaveCount(5);
  await expect(usage.getByRole('row').nth(1)).toHaveText(/^plan[\d,]+[\d.]+ s/);
  await panel.shots('usage');
  expect(panel.faults).toEqual([]);
});

test('approve, edit, reject and approve by keyboard alone', async ({
  page
}, info) => {
  const again = WRITE.replace('numbers.csv', 'three.csv');
  const panel = await begin(page, info, LOOK, WRITE, again);
  await expect(panel.plan).toContainText('Write them down');
  await expect(panel.proposal).toContainText('Look at them');
  await expect(panel.proposal).toContainText('in Ask mode every cell waits');
  await expect(panel.state).toHaveText('waiting for you');
  await panel.shot('proposal');

  await panel.proposal.focus();
  await page.keyboard.press('e');
  const cell = page.locator('.jp-Notebook .jp-mod-active .cm-content');
  await expect(cell).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\nprint("mine")');
  await expect(panel.proposal).toContainText('edited by you');
  await expect(panel.proposal).toContainText('print("mine")');
  await panel.shot('edited');

  await panel.proposal.focus();
  await page.keyboard.press('Enter');
  await expect(panel.line('Look at them')).toContainText('[1]');
  await expect(panel.line('Look at them')).toContainText('edited');
  await expect(page.locator('.jp-OutputArea')).toContainText(['6\nmine']);

  // The next proposal has the focus by itself.
  await expect(panel.proposal).toContainText('Write them down');
  await expect(panel.proposal).toBeFocused();
  await expect(panel.proposal).toContainText('writes a file');
  await expect(panel.proposal).toContainText('numbers.csv');
  await page.keyboard.press('r');
  await page.keyboard.type('Not there');
  await panel.shot('reject');
  await page.keyboard.press('Enter');
  await expect(panel.panel).toContainText('“Not there”');

  await expect(panel.proposal).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(panel.state).toHaveText('finished');
  await expect(panel.panel).toContainText('Three numbers, written to');
  await panel.shot('finished');
  expect(panel.faults).toEqual([]);
});

test('the plan can be edited while the run works', async ({ page }, info) => {
  const panel = await begin(page, info, LOOK);
  await expect(panel.proposal).toBeVisible();
  const titles = panel.plan.locator('.jp-Intern-title');

  await panel.button('add a step').click();
  await page.keyboard.type('Draw them');
  await page.keyboard.press('Enter');
  await expect(titles).toHaveText([
    'Look at the numbers',
    'Write them down',
    'Draw them'
  ]);
  await titles.nth(2).hover();
  await panel.button('Move up: Draw them').click();
  await expect(titles.nth(1)).toHaveText('Draw them');
  await titles.nth(2).hover();
  await panel.button('Skip: Write them down').click();
  await expect(panel.plan.locator('.jp-mod-skipped')).toHaveText(
    /Write them down/
  );
  await titles.nth(1).hover();
  await panel.button('Edit: Draw them').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Draw a bar');
  await page.keyboard.press('Enter');
  await expect(titles.nth(1)).toHaveText('Draw a bar');
  await panel.shot('plan');
  await panel.button('Stop').click();
  await expect(panel.state).toHaveText('stopped');
});

test('a message reaches the run, input is answered, stop ends a cell', async ({
  page
}, info) => {
  const panel = await begin(
    page,
    info,
    turn(
      '# Ask\nfrom getpass import getpass\nname = input("Who? ")\ngetpass("Word? ")\nprint("hello", name)'
    ),
    turn('# Sleep\nimport time\ntime.sleep(600)')
  );
  await expect(panel.proposal).toBeVisible();
  await panel.send('Be quick, please.');
  await expect(panel.panel).toContainText('Be quick, please.');
  await panel.button(/^Approve/).click();

  const question = panel.panel.getByLabel('Who?');
  await question.fill('Ada');
  await panel.shot('question');
  await question.press('Enter');
  const secret = panel.panel.getByLabel('Word?');
  await expect(secret).toHaveAttribute('type', 'password');
  await secret.fill('sesame');
  await secret.press('Enter');
  await expect(page.locator('.jp-OutputArea')).toContainText(['hello Ada']);

  await expect(panel.proposal).toContainText('Sleep');
  await panel.button(/^Approve/).click();
  await expect(panel.line('Sleep')).toContainText('running');
  await expect(panel.state).toHaveText('working');
  await panel.shot('running');
  const asked = Date.now();
  await panel.button('Stop').click();
  await expect(panel.state).toHaveText('stopped');
  expect(Date.now() - asked).toBeLessThan(6000);
  await panel.shot('stopped');
  expect(panel.faults).toEqual([]);
});

test('all of a step, then Auto, run without asking again', async ({
  page
}, info) => {
  const panel = await begin(
    page,
    info,
    LOOK,
    turn('# Once more\nprint(max(numbers))'),
    WRITE,
    turn('# At the end\nprint("end")')
  );
  await panel.button('all of step ▸').click();
  await expect(panel.line('Once more')).toContainText('[2]');
  // It writes a file, which the first cell did not.
  await expect(panel.proposal).toContainText('Write them down');
  await panel.panel.getByText('Auto', { exact: true }).click();
  await expect(panel.line('At the end')).toContainText('[4]');
  await expect(panel.state).toHaveText('finished');
  await panel.shot('auto');
});

test('the notebook scrolls along, unless the person reads elsewhere', async ({
  page
}, info) => {
  const long = [1, 2, 3, 4].map(number =>
    turn(`# Cell ${number}\nfor i in range(40):\n    print(i, ${number})`)
  );
  const panel = await begin(page, info, ...long);
  const proposed = page.locator('.jp-mlIntern-proposed');
  for (const number of [1, 2]) {
    await expect(panel.proposal).toContainText(`Cell ${number}`);
    await panel.button(/^Approve/).click();
  }
  await expect(proposed).toContainText('Cell 3');
  await expect(proposed).toBeInViewport({ ratio: 0.9 });
  await panel.shot('along');

  const outer = page.locator('.jp-Notebook .jp-WindowedPanel-outer');
  await outer.hover();
  await page.mouse.wheel(0, -10_000);
  await expect(proposed).not.toBeInViewport();
  await panel.button(/^Approve/).click();
  await expect(panel.proposal).toContainText('Cell 4');
  await expect(panel.line('Cell 3')).toContainText('[3]');
  expect(await outer.evaluate(node => node.scrollTop)).toBe(0);
});

test('a reload in mid-run brings everything back; 300 px and dark', async ({
  page
}, info) => {
  // As for a person who has seen the panel before, and left it as narrow as it can be.
  await page.addInitScript(() =>
    window.localStorage.setItem('ml-intern:widened', 'true')
  );
  const panel = await begin(page, info, LOOK, WRITE);
  await panel.button(/^Approve/).click();
  await expect(panel.proposal).toContainText('Write them down');
  await page.waitForTimeout(1500);
  await page.reload();
  await panel.ready();
  await panel.run('ml-intern:open');
  await expect(panel.proposal).toContainText('Write them down');
  await expect(panel.line('Look at them')).toContainText('[1]');
  await expect(panel.state).toHaveText('waiting for you');

  await panel.run('apputils:change-theme', { theme: 'JupyterLab Dark' });
  await expect(page.locator('body')).toHaveAttribute(
    'data-jp-theme-light',
    'false'
  );
  await page.waitForTimeout(500);
  await panel.shot('dark');
  await page.setViewportSize({ width: 760, height: 900 });
  await page.waitForTimeout(500);
  const { width = 0 } = (await panel.panel.boundingBox()) ?? {};
  expect(width).toBeLessThanOrEqual(330);
  const overflow = await panel.panel.evaluate(
    node => node.scrollWidth - node.clientWidth
  );
  expect(overflow).toBe(0);
  await panel.shot('narrow');
  await panel.run('apputils:change-theme', { theme: 'JupyterLab Light' });
  await panel.button('Stop').click();
  await expect(panel.state).toHaveText('stopped');
});

test('another language is declined in words', async ({ page }, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await page.evaluate(async () => {
    const { serviceManager, commands } = window.jupyterapp;
    const path = 'julia.ipynb';
    await serviceManager.contents.save(path, {
      type: 'notebook',
      format: 'json',
      content: {
        cells: [],
        metadata: { language_info: { name: 'julia' } },
        nbformat: 4,
        nbformat_minor: 5
      }
    });
    await commands.execute('docmanager:open', {
      path,
      factory: 'Notebook',
      kernelPreference: { shouldStart: false }
    });
  });
  await expect(panel.panel.getByRole('alert')).toContainText('julia');
  await expect(panel.composer).toBeDisabled();
  await panel.shot('language');
});

test('a missing server half is told in the panel, with what mends it', async ({
  page
}, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(HALF);
  await expect(panel.panel.getByRole('alert')).toContainText(
    'jupyter server extension enable ml_intern_jlab'
  );
  await expect(panel.composer).toBeDisabled();
  await panel.shot('missing');
});
