import type { IOutput } from '@jupyterlab/nbformat';
import type { IOutputAreaModel } from '@jupyterlab/outputarea';

import type { IOPubMessage } from './protocol';

/** Characters that one stream output keeps; what is over goes from its middle. */
const MAX_TEXT = 1_000_000;
/** Outputs that one cell keeps; what is over goes from their middle. */
const MAX_OUTPUTS = 500;
/** So much of a bound is left when something is taken out, that it isn't taken out one by one. */
const KEPT_HEAD = 0.5;
const KEPT_TAIL = 0.25;

/**
 * The outputs of one cell as its messages make them.
 *
 * JupyterLab's own model joins streams, follows carriage returns and clears. What it leaves to the output area of a
 * request of its own is done here: a display is found again by its id, also long after its cell has ended.
 */
export class CellOutputs {
  /**
   * Take in the cell's next message.
   *
   * @param message - One IOPub message.
   * @param model - The cell's outputs, to which it is applied; null where they have it already or the cell is gone.
   */
  add(message: IOPubMessage, model: IOutputAreaModel | null): void {
    const { msg_type, content } = message;
    if (msg_type === 'clear_output') {
      this.clear(content.wait === true, model);
      return;
    }
    if (msg_type === 'update_display_data') {
      this.update(message, model);
      return;
    }
    if (this._clearWaits) {
      this.forget();
    }
    const stream = msg_type === 'stream' ? String(content.name) : '';
    if (stream === '' || stream !== this._stream) {
      this._length += 1;
    }
    this._stream = stream;
    model?.add({ ...content, output_type: msg_type });
    const displayId = displayIdOf(message);
    if (displayId !== '') {
      // Showing an id again also renews what it showed before.
      this.update(message, model);
      const shown = this._displays.get(displayId) ?? [];
      this._displays.set(displayId, [...shown, this._length - 1]);
    }
    this.boundLength(model);
    this.boundText(model);
  }

  /**
   * Renew every display that bears the message's id.
   *
   * @returns Whether this cell shows one.
   */
  update(message: IOPubMessage, model: IOutputAreaModel | null): boolean {
    const shown = this._displays.get(displayIdOf(message)) ?? [];
    // Where the person cleared the outputs or ran the cell anew, they are not ours any more.
    if (model?.length === this._length) {
      const { data, metadata } = message.content;
      for (const index of shown) {
        const output = model.get(index).toJSON();
        model.set(index, {
          ...output,
          data,
          metadata: metadata ?? {}
        } as IOutput);
      }
    }
    return shown.length > 0;
  }

  private clear(wait: boolean, model: IOutputAreaModel | null): void {
    model?.clear(wait);
    if (wait) {
      this._clearWaits = true;
    } else {
      this.forget();
    }
  }

  private forget(): void {
    this._clearWaits = false;
    this._length = 0;
    this._left = 0;
    this._cut = 0;
    this._stream = '';
    this._displays.clear();
  }

  private boundLength(model: IOutputAreaModel | null): void {
    if (this._length <= MAX_OUTPUTS) {
      return;
    }
    const start = MAX_OUTPUTS * KEPT_HEAD;
    const end = this._length - MAX_OUTPUTS * KEPT_TAIL;
    // What says how many were left out before is left out itself.
    this._left += end - start - (this._left > 0 ? 1 : 0);
    if (model?.length === this._length) {
      const outputs = model.toJSON();
      const text = `[… ${this._left.toLocaleString('en')} outputs left out …]`;
      const cut: IOutput = {
        output_type: 'display_data',
        data: { 'text/plain': text },
        metadata: {}
      };
      model.fromJSON([...outputs.slice(0, start), cut, ...outputs.slice(end)]);
    }
    this._displays.forEach((indices, displayId) => {
      const kept = indices.filter(index => index < start || index >= end);
      this._displays.set(
        displayId,
        kept.map(index => (index < start ? index : index - end + start + 1))
      );
    });
    this._length += start + 1 - end;
  }

  private boundText(model: IOutputAreaModel | null): void {
    const text =
      model !== null && model.length > 0
        ? (model.get(model.length - 1).streamText?.text ?? '')
        : '';
    if (model === null || text.length <= MAX_TEXT) {
      return;
    }
    const head = text.slice(0, MAX_TEXT * KEPT_HEAD);
    const tail = text.slice(-MAX_TEXT * KEPT_TAIL);
    this._cut += text.length - head.length - tail.length;
    const cut = `\n[… about ${this._cut.toLocaleString('en')} characters left out …]\n`;
    const outputs = model.toJSON();
    outputs[outputs.length - 1].text = head + cut + tail;
    model.fromJSON(outputs);
  }

  private readonly _displays = new Map<string, number[]>();
  private _clearWaits = false;
  private _length = 0;
  private _left = 0;
  private _cut = 0;
  private _stream = '';
}

/** The id under which a display may be renewed later; empty where it has none. */
function displayIdOf(message: IOPubMessage): string {
  const { transient } = message.content as {
    transient?: { display_id?: unknown };
  };
  return typeof transient?.display_id === 'string' ? transient.display_id : '';
}
