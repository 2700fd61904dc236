import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProposal } from './notebookWriter';

/** What the bar beneath a proposed cell does when the person decides. Each rejects with a sentence. */
export interface IProposalActions {
  approve(): Promise<void>;
  reject(feedback: string): Promise<void>;
}

/** The bar beneath a proposed cell: approve, reject with words, its risk and its place in the plan. */
export class ProposalBar {
  constructor(
    readonly cellId: string,
    private readonly actions: IProposalActions,
    private readonly trans: TranslationBundle
  ) {
    this.node = element('div', 'jp-mlIntern-bar');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', trans.__('Proposed cell'));
    // The notebook would take a click beside the editor for leaving the cell.
    this.node.addEventListener('mousedown', event => event.stopPropagation());
    this.node.append(
      this._buttons,
      this._words,
      this._problem,
      this._risk,
      this._step
    );
    this._problem.setAttribute('role', 'alert');
    this.showButtons();
  }

  readonly node: HTMLElement;

  /** Show what is known of the proposal now. */
  update({ proposal, step, steps }: IProposal): void {
    const { trans } = this;
    const [first] = proposal.reasons;
    this._risk.hidden = first === undefined;
    this._risk.textContent = first?.text ?? '';
    this._risk.title = proposal.reasons
      .map(({ line, text }) => trans.__('Line %1 %2.', line, text))
      .join('\n');
    this._step.hidden = step === 0;
    this._step.textContent = trans.__('step %1 of %2', step, steps);
  }

  /** Approve the cell as it stands. */
  approve(): Promise<void> {
    return this.decide(() => this.actions.approve());
  }

  /** Ask for the words of a rejection. */
  askWords(): void {
    const { trans } = this;
    const input = element('input', 'jp-mod-styled');
    input.type = 'text';
    input.maxLength = 4000;
    input.placeholder = trans.__('Why not, or what instead?');
    input.setAttribute('aria-label', trans.__('Words for the intern'));
    const send = this.button(trans.__('Reject'), () =>
      this.decide(() => this.actions.reject(input.value.trim()))
    );
    input.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Enter') {
        send.click();
      } else if (event.key === 'Escape') {
        this.showButtons();
      }
    });
    const cancel = this.button(trans.__('Cancel'), () => this.showButtons());
    this._buttons.replaceChildren(input, send, cancel);
    this._words.textContent = '';
    input.focus();
  }

  private showButtons(): void {
    const { trans } = this;
    const approve = this.button(trans.__('Approve and run'), () =>
      this.approve()
    );
    approve.classList.add('jp-mod-accept');
    const key = element('kbd', '');
    key.textContent = trans.__('Shift+Enter');
    approve.append(key);
    const reject = this.button(trans.__('Reject…'), () => this.askWords());
    this._buttons.replaceChildren(approve, reject);
    this._words.textContent = trans.__('edit in place');
  }

  private button(
    label: string,
    action: () => void | Promise<void>
  ): HTMLButtonElement {
    const button = element('button', 'jp-Button jp-mod-styled');
    button.type = 'button';
    button.textContent = label;
    button.addEventListener('click', () => void action());
    return button;
  }

  private async decide(action: () => Promise<void>): Promise<void> {
    if (this._deciding) {
      return;
    }
    this._deciding = true;
    this.node.classList.add('jp-mod-busy');
    this._problem.textContent = '';
    try {
      await action();
    } catch (error) {
      this._problem.textContent =
        error instanceof Error ? error.message : String(error);
    } finally {
      this._deciding = false;
      this.node.classList.remove('jp-mod-busy');
    }
  }

  private readonly _buttons = element('span', 'jp-mlIntern-barButtons');
  private readonly _words = element('span', 'jp-mlIntern-barWords');
  private readonly _problem = element('span', 'jp-mlIntern-barProblem');
  private readonly _risk = element('span', 'jp-mlIntern-barRisk');
  private readonly _step = element('span', 'jp-mlIntern-barWords');
  private _deciding = false;
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string
): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  node.className = className;
  return node;
}
