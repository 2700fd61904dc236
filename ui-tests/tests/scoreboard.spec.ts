import { expect, test } from '@playwright/test';

import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT, WHOLE } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

const MEASURE = turn(`# Compare three models
from ml_intern_jlab.toolkit import track
for name, split, value, given in [
    ("mean of the training rows", "baseline", 2.04, {}),
    ("ridge", "cv", 1.31, {"alpha": 0.5}),
    ("boosted trees", "cv", 0.87, {"depth": 4, "rate": 0.1}),
    ("nearest neighbours", "cv", 1.02, {"k": 5}),
]:
    track.start(name, **given)
    track.log(rmse=value, split=split)
track.finish()`);

const PLAN = turn(`# What would go where
import os, pathlib
from ml_intern_jlab.toolkit import publish
os.environ["ML_INTERN_JOURNAL"] = "none"
pathlib.Path("model").mkdir(exist_ok=True)
pathlib.Path("model/weights.txt").write_text("0.1 2")
plan = publish.plan("model", folder="published", licence="mit")
plan`);

test('the scoreboard compares experiments, and a line leads to its cell', async ({
  page
}, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  const tab = panel.panel.getByRole('tab', { name: 'Scoreboard' });
  await tab.click();
  await expect(panel.panel).toContainText('Nothing was measured yet');
  await panel.panel.getByRole('tab', { name: 'Run' }).click();

  model.say('1. Compare models', MEASURE, turn('final_answer("Trees.")'));
  await panel.chooseModel('openai:scripted');
  await panel.send('Compare models');
  await panel.button(/^Approve/).click();
  await expect(panel.state).toHaveText('finished', { timeout: 60_000 });

  await tab.click();
  const rows = panel.panel.locator('.jp-Intern-scores tbody tr');
  await expect(rows).toHaveCount(4);
  const trees = rows.filter({ hasText: 'boosted trees' });
  await expect(trees).toContainText('best · cv · depth = 4, rate = 0.1');
  await expect(trees).toContainText('−1.17');
  await expect(rows.nth(3)).toContainText('+0.15');
  await expect(
    panel.panel.getByRole('img', { name: /Best so far: 0.87, after 4/ })
  ).toBeVisible();
  await panel.shots('scoreboard');

  await trees.getByRole('button', { name: 'boosted trees' }).click();
  await expect(page.locator('.jp-Notebook .jp-mod-active')).toContainText(
    'Compare three models'
  );
  await tab.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(panel.panel.getByRole('tab', { name: 'Run' })).toBeFocused();
  expect(panel.faults).toEqual([]);
});

test('a cell that publishes asks with what goes where', async ({
  page
}, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  model.say('1. Plan', PLAN, turn('final_answer("Planned.")'));
  await panel.chooseModel('openai:scripted');
  await panel.send('Publish the model');
  await panel.button(/^Approve/).click();
  await expect(panel.state).toHaveText('finished', { timeout: 60_000 });
  // The number depends on the folder that the test runs in, so it is read from the notebook.
  const output = page.locator('.jp-OutputArea').getByText(/Plan [0-9a-f]{8}/);
  const number = /Plan ([0-9a-f]{8})/.exec(await output.innerText())?.[1];
  expect(number).toBeTruthy();
  model.say(
    '1. Publish',
    turn(`# Publish\npublish.push(plan, "${number}")`),
    turn('final_answer("Published.")')
  );
  await panel.send('Now publish it');
  await expect(panel.proposal).toContainText('published');
  await expect(panel.proposal).toContainText('weights.txt');
  await expect(panel.proposal).toContainText('Private');
  await expect(panel.proposal).toContainText('The folder will be created.');
  await panel.shots('publish');
  await panel.button(/^Approve/).click();
  await expect(panel.state).toHaveText('finished', { timeout: 60_000 });
  await expect(page.locator('.jp-OutputArea').last()).toContainText(
    '3 files were sent; its files are the same when read back'
  );
  expect(panel.faults).toEqual([]);
});
