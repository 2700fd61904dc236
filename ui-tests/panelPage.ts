import {
  expect,
  type Locator,
  type Page,
  type TestInfo
} from '@playwright/test';

import { labUrl, type IServer } from './servers';

/** The panel as a person sees it: a test says what they do, not how the page is made. */
export class PanelPage {
  constructor(
    readonly page: Page,
    private readonly info: TestInfo
  ) {
    this.panel = page.locator('.jp-Intern');
    this.proposal = this.panel.getByRole('region', { name: 'Proposed cell' });
    this.plan = this.panel.getByRole('region', { name: 'Plan' });
    this.composer = this.panel.getByRole('textbox', { name: /Task|Message/ });
    this.state = this.panel.locator('.jp-Intern-state');
    this.hint = this.panel.locator('.jp-Intern-hint');
  }

  readonly panel: Locator;
  readonly proposal: Locator;
  readonly plan: Locator;
  readonly composer: Locator;
  readonly state: Locator;
  /** Why this page doesn't write the notebook. */
  readonly hint: Locator;
  /** What the page wrote to its console as errors, and what it threw. */
  readonly faults: string[] = [];

  /** Open JupyterLab with nothing in it, and the panel. */
  async open(server: IServer, reset = true): Promise<void> {
    this.page.on('pageerror', error => this.faults.push(error.message));
    await this.page.goto(labUrl(server) + (reset ? '&reset' : ''));
    await this.show();
  }

  /** Show the panel in a page that is open. */
  async show(): Promise<void> {
    await this.ready();
    await this.run('ml-intern:open');
    await expect(this.panel).toBeVisible();
  }

  /** Choose from the menu behind ⋯. */
  async more(entry: string | RegExp): Promise<void> {
    await this.button('More').click();
    await this.page.getByRole('menuitem', { name: entry }).click();
  }

  /** Wait until the panel's commands are there, which come after JupyterLab itself. */
  async ready(): Promise<void> {
    await this.page.waitForFunction(() =>
      window.jupyterapp?.commands.hasCommand('ml-intern:open')
    );
    await this.page
      .locator('#jupyterlab-splash')
      .waitFor({ state: 'detached' });
  }

  /** Run one of JupyterLab's commands. */
  async run(command: string, args: Record<string, string> = {}): Promise<void> {
    await this.page.evaluate(
      async ([id, given]) => {
        await window.jupyterapp.commands.execute(id, given);
      },
      [command, args] as const
    );
  }

  /** Write a notebook with the scripted model's runs to come. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    // The first run of a server waits for the agent's imports and a kernel.
    await expect(this.composer).toHaveValue('', { timeout: 60_000 });
  }

  async chooseModel(name: string): Promise<void> {
    await this.panel.getByRole('combobox', { name: 'Model' }).selectOption('…');
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox').fill(name);
    await dialog.getByRole('button', { name: 'Ok' }).click();
    await expect(dialog).toHaveCount(0);
  }

  /** The line of a decided cell. */
  line(title: string): Locator {
    return this.panel.locator('.jp-Intern-lines li', { hasText: title });
  }

  button(name: string | RegExp): Locator {
    return this.panel.getByRole('button', { name });
  }

  /** Four pictures: light and dark, in a wide window and in one where the panel has 300 px. */
  async shots(name: string): Promise<void> {
    const size = this.page.viewportSize();
    for (const theme of ['Light', 'Dark']) {
      await this.run('apputils:change-theme', {
        theme: `JupyterLab ${theme}`
      });
      await expect(this.page.locator('body')).toHaveAttribute(
        'data-jp-theme-light',
        String(theme === 'Light')
      );
      for (const width of [1280, 720]) {
        await this.page.setViewportSize({ width, height: 800 });
        await this.shot(`${name}-${theme.toLowerCase()}-${width}`);
      }
    }
    await this.run('apputils:change-theme', { theme: 'JupyterLab Light' });
    if (size) {
      await this.page.setViewportSize(size);
    }
  }

  /** Keep a picture every two seconds, for the README's animation, where FILM is set; ends when called. */
  film(): () => Promise<void> {
    let running = !!process.env.FILM;
    const filming = (async () => {
      for (let number = 0; running; number++) {
        await this.shot(`film-${String(number).padStart(4, '0')}`);
        await this.page.waitForTimeout(1500);
      }
    })();
    return async () => {
      running = false;
      await filming;
    };
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: this.info.outputPath(`${name}.png`) });
  }
}
