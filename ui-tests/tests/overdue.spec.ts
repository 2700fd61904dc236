import { expect, test } from '@playwright/test';

import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT, WHOLE } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(300_000);

test('a cell that takes long makes a question, runs on, and is interrupted', async ({
  page
}, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await panel.chooseModel('openai:scripted');
  model.say(
    '1. Wait\n2. Add',
    turn('# Wait\nimport time\nfor i in range(6000):\n    time.sleep(0.1)'),
    turn('# Add\n1 + 1'),
    // The step that was interrupted is asked about once.
    turn('final_answer("Added.")'),
    turn('final_answer("Added.")')
  );
  await panel.panel.getByText('Safe', { exact: true }).click();
  await panel.send('Wait, then add');

  const question = panel.panel.getByRole('alert', {
    name: 'A cell takes long'
  });
  await expect(question).toContainText('has taken 20 s', { timeout: 90_000 });
  await panel.shots('overdue');
  // Another page asks as well: the question belongs to the run.
  await page.reload();
  await panel.show();
  await expect(question).toContainText('has taken');
  await expect(panel.line('Wait')).toContainText('running');

  await question.getByRole('button', { name: 'Interrupt the cell' }).click();
  await expect(panel.state).toHaveText('finished', { timeout: 60_000 });
  await expect(question).toHaveCount(0);
  await expect(panel.line('Wait')).toContainText('stopped');
  await expect(panel.line('Add')).toContainText('[2]');
  await panel.shot('interrupted');
  expect(panel.faults).toEqual([]);
});
