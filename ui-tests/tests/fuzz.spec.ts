import { expect, test, type Page } from '@playwright/test';

import {
  codeCell,
  faultsOf,
  GRACE,
  Network,
  saved,
  startRun,
  type Watcher
} from '../notebookPage';
import { Person } from '../person';
import { ScriptedModel, turn } from '../scriptedModel';
import { MODEL_PORT } from '../servers';

/** So many notebooks; `ML_INTERN_FUZZ=20` makes it twenty. `ML_INTERN_SEED` is the first one's. */
const NOTEBOOKS = Number(process.env.ML_INTERN_FUZZ ?? 1);
const SEED = Number(process.env.ML_INTERN_SEED ?? 1);
const CELLS = 6;
const ACTS = 12;

const PART = /^# Part (\d+)/;

const model = new ScriptedModel();

test.beforeAll(() => model.listen(MODEL_PORT));
test.afterAll(() => model.close());

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A cell that prints for a while; every other one has a display that it renews. */
function cell(number: number): string {
  const shows = number % 2 === 0;
  return `# Part ${number}
import time
${shows ? `handle = display({"part": 0}, display_id=True)\n` : ''}for line in range(8):
    print("part ${number} line", line, flush=True)
    ${shows ? 'handle.update({"part": line})' : 'pass'}
    time.sleep(0.25)`;
}

/** What that cell leaves to read. */
function expected(number: number): string {
  const lines = Array.from(
    { length: 8 },
    (_, line) => `part ${number} line ${line}\n`
  );
  return (number % 2 === 0 ? "{'part': 7}" : '') + lines.join('');
}

/**
 * Each of the agent's cells that the person left there stands once, in the journal's order, with what it printed. A
 * person moves only cells of their own for good.
 */
async function checkAgents(watcher: Watcher, person: Person): Promise<void> {
  const told = person.story.join('\n');
  const agents = (await watcher.history()).flatMap(event => {
    if (event.type === 'run_started' || event.type === 'run_finished') {
      return event.note ? [event.note] : [];
    }
    return event.type === 'cell_proposed'
      ? [...(event.note ? [event.note] : []), event]
      : [];
  });
  const left = agents.filter(({ cell_id }) => !person.deleted.has(cell_id));
  const shown = (await person.shown()).filter(({ id }) => !person.own.has(id));
  expect(
    shown.map(({ id, source }) => [id, source]),
    `the agent's cells, after\n${told}`
  ).toEqual(
    left.map(({ cell_id, source }) => [
      cell_id,
      person.changed.get(cell_id) ?? source
    ])
  );
  const parts = agents.filter(({ source }) => PART.test(source));
  expect(parts.length, told).toBe(CELLS);
  for (const { source, printed } of shown.filter(each =>
    PART.test(each.source)
  )) {
    const number = Number(PART.exec(source)?.[1]);
    expect(printed, `part ${number}, after\n${told}`).toBe(expected(number));
  }
}

/** The file holds what the page shows. */
async function checkFile(
  page: Page,
  watcher: Watcher,
  person: Person
): Promise<void> {
  await expect
    .poll(
      async () =>
        (await saved(page, watcher)).map(({ id, source, outputs }) => ({
          id,
          source,
          outputs: outputs ?? []
        })),
      `the file, after\n${person.story.join('\n')}`
    )
    .toEqual(
      (await person.shown()).map(({ id, source, outputs }) => ({
        id,
        source,
        outputs
      }))
    );
}

for (let seed = SEED; seed < SEED + NOTEBOOKS; seed++) {
  test(`person and agent on one notebook, seed ${seed}`, async ({ page }) => {
    test.setTimeout(180_000);
    const faults = faultsOf(page);
    const random = numbers(seed);
    const network = await Network.of(page);
    const parts = Array.from({ length: CELLS }, (_, index) =>
      turn(cell(index + 1), index % 3 === 0 ? 'A word before.' : '')
    );
    const watcher = await startRun(page, model, 'auto', parts, [
      codeCell('first', 'first = 1'),
      codeCell('last', 'last = 1')
    ]);
    const person = new Person(page, random);
    person.own.set('first', 'first = 1').set('last', 'last = 1');
    let reloads = 0;
    const cutAt = Math.floor(random() * 2 * ACTS);
    for (let act = 0; act < ACTS; act++) {
      await person.act();
      if (act === cutAt) {
        person.story.push('cut');
        await network.cut();
        await page.waitForTimeout(GRACE + 1000);
        await person.act();
        await person.save();
        await person.check();
        network.restore();
        person.story.push('back');
      } else if (random() < 0.12 && reloads < 2) {
        reloads += 1;
        await person.save();
        person.story.push('reload');
        await page.reload();
        await ready(page);
        await person.check();
      }
    }
    await watcher.ended();
    await expect(page.locator('[data-ml-intern="running"]')).toHaveCount(0);
    await person.check();
    await checkAgents(watcher, person);
    await person.save();
    await checkFile(page, watcher, person);
    await page.reload();
    await ready(page);
    await person.check();
    await checkAgents(watcher, person);
    await checkFile(page, watcher, person);
    expect(faults, person.story.join('\n')).toEqual([]);
  });
}

/** The reloaded page shows the notebook again, and its writer has taken the lease. */
async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => window.jupyterapp?.restored);
  await page.evaluate(() => window.jupyterapp.restored);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
  await page.locator('.jp-Notebook .jp-Cell').first().waitFor();
}
