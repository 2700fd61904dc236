import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, type Page } from '@playwright/test';

/** A cell as the page shows it. */
export interface IShownCell {
  readonly id: string;
  readonly source: string;
  /** What it printed and displayed, one after another; empty for a text. */
  readonly printed: string;
  /** Its outputs as a file keeps them. */
  readonly outputs: unknown[];
  readonly count: number | null;
}

/** Changes that follow each other more quickly than this are one step of JupyterLab's undo. */
const STEP_MS = 600;

/**
 * A person at a notebook, with hands on keyboard and mouse, who knows what they wrote.
 *
 * Every act checks what the page shows right after it.
 */
export class Person {
  constructor(
    private readonly page: Page,
    private readonly random: () => number
  ) {}

  /** What the person wrote and hasn't deleted, in the notebook's order, with each cell's text. */
  readonly own = new Map<string, string>();
  /** Cells of the agent's that the person deleted. */
  readonly deleted = new Set<string>();
  /** Cells of the agent's that the person changed, with their text. */
  readonly changed = new Map<string, string>();
  /** What the person did, for who reads why a test failed. */
  readonly story: string[] = [];

  /** The notebook as the page shows it now. */
  async shown(): Promise<IShownCell[]> {
    return this.page.evaluate(() => {
      const { model } = (window.jupyterapp.shell as unknown as IShell)
        .currentWidget.content;
      return [...(model?.cells ?? [])].map(cell => {
        const saved = cell.toJSON() as {
          outputs?: { text?: string; data?: Record<string, string> }[];
          execution_count?: number | null;
        };
        const outputs = saved.outputs ?? [];
        return {
          id: cell.id,
          source: cell.sharedModel.getSource(),
          printed: outputs
            .map(({ text, data }) => text ?? data?.['text/plain'] ?? '')
            .map(text => (Array.isArray(text) ? text.join('') : text))
            .join(''),
          outputs,
          count: saved.execution_count ?? null
        };
      });
    });
  }

  /** Do one thing, taken by chance from what a person does. */
  async act(): Promise<void> {
    const acts = [
      this.insert,
      this.insert,
      this.insertAndUndo,
      this.edit,
      this.edit,
      this.editAndUndo,
      this.move,
      this.moveAndUndo,
      this.delete,
      this.deleteAndUndo,
      this.save
    ];
    await this.pick(acts)!.call(this);
    await this.check();
  }

  /** What the person wrote is there once, in their order and words; what they deleted isn't; nobody asks anything. */
  async check(): Promise<void> {
    const told = this.story.join('\n');
    const shown = await this.shown();
    const ids = shown.map(({ id }) => id);
    expect(new Set(ids).size, `doubled, after\n${told}`).toBe(ids.length);
    expect(
      shown
        .filter(({ id }) => this.own.has(id))
        .map(({ id, source }) => [id, source]),
      `the person's cells, after\n${told}`
    ).toEqual([...this.own]);
    expect(
      ids.filter(id => this.deleted.has(id)),
      `deleted cells came back, after\n${told}`
    ).toEqual([]);
    for (const { id, source } of shown) {
      if (this.changed.has(id)) {
        expect(source, `a changed cell, after\n${told}`).toBe(
          this.changed.get(id)
        );
      }
    }
    await expect(this.page.locator('.jp-Dialog'), told).toHaveCount(0);
  }

  /** Save, and wait until the file is written. */
  async save(): Promise<void> {
    this.story.push('save');
    await this.page.keyboard.press('ControlOrMeta+s');
    await expect
      .poll(async () => {
        const saved = await this.file();
        return [...this.own].filter(
          ([id, text]) =>
            !saved.some(cell => cell.id === id && cell.source === text)
        );
      })
      .toEqual([]);
  }

  /** The cells of the file on disk. */
  async file(): Promise<{ id: string; source: string }[]> {
    return this.page.evaluate(async () => {
      const { context } = (window.jupyterapp.shell as unknown as IShell)
        .currentWidget;
      const { contents } = window.jupyterapp.serviceManager;
      // While the file is being written it may read as empty.
      const read = () => contents.get(context.localPath, { content: true });
      const file = await read().catch(read);
      return (file.content as { cells: never[] }).cells;
    });
  }

  // --- one thing each

  private async insert(): Promise<void> {
    const anchor = this.pick(await this.shown());
    if (anchor) {
      await this.select(anchor.id);
    }
    await this.step();
    await this.page.keyboard.press('b');
    const id = await this.active();
    this.written += 1;
    const text = `mine = ${this.written}`;
    this.story.push(`insert ${id} below ${anchor?.id}: ${text}`);
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Escape');
    this.own.set(id, text);
    await this.look();
  }

  private async insertAndUndo(): Promise<void> {
    const anchor = this.pick(await this.shown());
    if (!anchor) {
      return;
    }
    await this.select(anchor.id);
    await this.step();
    await this.page.keyboard.press('a');
    const id = await this.active();
    this.story.push(`insert ${id} above ${anchor.id}`);
    await this.linger();
    await this.undo();
    this.deleted.add(id);
  }

  private async edit(): Promise<void> {
    const id = await this.mineOrDone();
    if (id !== null) {
      const before = await this.textOf(id);
      await this.type(id);
      const map = this.own.has(id) ? this.own : this.changed;
      map.set(id, `${before}${this.words}`);
    }
  }

  private async editAndUndo(): Promise<void> {
    const id = await this.mineOrDone();
    if (id !== null) {
      await this.type(id);
      await this.linger();
      await this.select(id);
      await this.page.keyboard.press('Enter');
      await this.page.keyboard.press('ControlOrMeta+z');
      await this.page.keyboard.press('Escape');
      this.story.push(`  and Ctrl+Z`);
    }
  }

  private async type(id: string): Promise<void> {
    this.written += 1;
    this.words = `  # word ${this.written}`;
    this.story.push(`edit ${id}: ${this.words}`);
    await this.select(id);
    await this.step();
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.press('ControlOrMeta+End');
    await this.page.keyboard.insertText(this.words);
    await this.page.keyboard.press('Escape');
  }

  private async move(): Promise<void> {
    const id = this.pick([...this.own.keys()]);
    if (id !== null) {
      await this.shift(id);
      await this.look();
    }
  }

  private async moveAndUndo(): Promise<void> {
    const id = await this.mineOrDone();
    if (id !== null) {
      await this.shift(id);
      await this.linger();
      await this.undo();
    }
  }

  private async shift(id: string): Promise<void> {
    // What can't move has nothing to take back: z would undo something else.
    const [first] = await this.shown();
    const isUp = this.random() < 0.5 && id !== first.id;
    const key = isUp || id === (await this.last()) ? 'ArrowUp' : 'ArrowDown';
    this.story.push(`move ${id} ${key}`);
    await this.select(id);
    await this.step();
    await this.page.keyboard.press(`ControlOrMeta+Shift+${key}`);
  }

  private async delete(): Promise<void> {
    const id = await this.mineOrDone();
    if (id !== null) {
      this.story.push(`delete ${id}`);
      await this.cross(id);
      if (!this.own.delete(id)) {
        this.deleted.add(id);
      }
      this.changed.delete(id);
    }
  }

  private async deleteAndUndo(): Promise<void> {
    const cell = this.pick(await this.shown());
    if (cell) {
      this.story.push(`delete ${cell.id}`);
      await this.cross(cell.id);
      await this.linger();
      await this.undo();
    }
  }

  private async cross(id: string): Promise<void> {
    await this.select(id);
    await this.step();
    await this.page.keyboard.press('d');
    await this.page.keyboard.press('d');
  }

  /** Take back what was done last to the cells, as the key z does beside a cell's text. */
  private async undo(): Promise<void> {
    this.story.push('  and z');
    await this.page.keyboard.press('z');
  }

  // --- how

  /** Go to a cell, beside its text. */
  private async select(id: string): Promise<void> {
    await this.page.evaluate(async cellId => {
      const { content } = (window.jupyterapp.shell as unknown as IShell)
        .currentWidget;
      const index = content.widgets.findIndex(
        ({ model }) => model.id === cellId
      );
      await content.scrollToItem(index);
      // The agent may have put another cell before it meanwhile.
      content.activeCellIndex = content.widgets.findIndex(
        ({ model }) => model.id === cellId
      );
      content.deselectAll();
      content.mode = 'command';
      content.node.focus();
      content.activeCell?.node.focus();
    }, id);
  }

  private async active(): Promise<string> {
    return this.page.evaluate(
      () =>
        (window.jupyterapp.shell as unknown as IShell).currentWidget.content
          .activeCell?.model.id ?? ''
    );
  }

  private async last(): Promise<string | undefined> {
    return (await this.shown()).pop()?.id;
  }

  private async textOf(id: string): Promise<string> {
    const cells = await this.shown();
    return cells.find(cell => cell.id === id)?.source ?? '';
  }

  /** A cell of the person's, or one of the agent's that has ended. */
  private async mineOrDone(): Promise<string | null> {
    const done = (await this.shown()).filter(
      ({ id, count }) => this.own.has(id) || count !== null
    );
    return this.pick(done)?.id ?? null;
  }

  /** Take the order of the person's cells as they see it, which nobody else may change. */
  private async look(): Promise<void> {
    const texts = new Map(this.own);
    this.own.clear();
    for (const { id } of await this.shown()) {
      const text = texts.get(id);
      if (text !== undefined) {
        this.own.set(id, text);
      }
    }
    expect([...this.own.keys()].sort(), this.story.join('\n')).toEqual(
      [...texts.keys()].sort()
    );
  }

  /** What comes next is a step of its own in JupyterLab's undo. */
  private async step(): Promise<void> {
    await this.page.waitForTimeout(STEP_MS);
  }

  /** Meanwhile the agent goes on, or not. */
  private async linger(): Promise<void> {
    if (this.random() < 0.7) {
      await this.page.waitForTimeout(this.random() * 1500);
    }
  }

  private pick<T>(choices: readonly T[]): T | null {
    return choices[Math.floor(this.random() * choices.length)] ?? null;
  }

  private written = 0;
  private words = '';
}

/** What is needed of JupyterLab's shell. */
interface IShell {
  readonly currentWidget: NotebookPanel;
}
