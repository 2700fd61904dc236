import { expect, test } from '@playwright/test';

import { PanelPage } from '../panelPage';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT, WHOLE } from '../servers';

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());
test.setTimeout(120_000);

test('a class is allowed from a proposal, shown, and asked about again', async ({
  page
}, info) => {
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await panel.chooseModel('openai:scripted');
  model.say(
    '1. Tell',
    turn('# One\n!echo one'),
    turn('# Two\n!echo two'),
    turn('# Who\ninput("Who? ")'),
    turn('# Three\n!echo three'),
    turn('final_answer("Told.")')
  );
  await panel.panel.getByText('Safe', { exact: true }).click();
  await panel.send('Tell me one, two and three');

  const allow = panel.proposal.getByRole('button', { name: /Always allow/ });
  await expect(allow).toContainText('runs a shell');
  await panel.shots('proposal');
  await allow.click();

  // The second cell runs without a question; the line says why.
  const line = panel.panel.getByRole('group', { name: 'Allowed in this' });
  await expect(line).toContainText('runs a shell');
  await expect(panel.line('Two')).toContainText('[2]');
  await panel.shots('allowed');

  await line.getByRole('button', { name: 'Ask again' }).click();
  await expect(line).toHaveCount(0);
  await panel.panel.getByLabel('Who?').fill('Ada');
  await page.keyboard.press('Enter');
  await expect(panel.proposal).toContainText('Three');
  await panel.proposal.focus();
  await page.keyboard.press('Enter');
  await expect(panel.state).toHaveText('finished');
  expect(panel.faults).toEqual([]);
});

test('what a model writes loads and does nothing', async ({ page }, info) => {
  const asked: string[] = [];
  page.on('request', request => asked.push(request.url()));
  const panel = new PanelPage(page, info);
  await panel.open(WHOLE);
  await panel.chooseModel('openai:scripted');
  const address = `http://127.0.0.1:${MODEL_PORT}/leak`;
  const hostile = [
    `A ![picture](${address}?1) and <img src="${address}?2" onerror="window.hit = 1">`,
    `<b style="background-image: url(${address}?3)">bold</b> <script>window.hit = 2</script>`,
    '<a href="javascript:window.hit = 3">link</a> <button>Approve</button>'
  ].join('\n');
  model.say(
    '1. Tell',
    turn('# One\n1 + 1', hostile),
    turn(`final_answer(${JSON.stringify(hostile)})`)
  );
  await panel.send('Tell me one');
  await expect(panel.proposal).toContainText('One');
  await panel.proposal.focus();
  await page.keyboard.press('Enter');
  await expect(panel.state).toHaveText('finished');
  await expect(panel.panel).toContainText('bold');
  await expect(page.locator('.jp-Notebook')).toContainText('picture');
  const prose = panel.panel.locator('.jp-Intern-prose');
  await expect(prose.locator('img, script, button, [style]')).toHaveCount(0);
  expect(asked.filter(url => url.includes('/leak'))).toEqual([]);
  expect(await page.evaluate(() => 'hit' in window)).toBe(false);
  await panel.shot('hostile');
});
