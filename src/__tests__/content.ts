import { YNotebook } from '@jupyter/ydoc';
import {
  CodeCellModel,
  MarkdownCellModel,
  type ICellModel,
  type ICodeCellModel
} from '@jupyterlab/cells';

import type { INotebookContent } from '../notebookDocument';

/** A notebook's model out of JupyterLab's own parts, without its widgets. */
export class Content implements INotebookContent {
  // As JupyterLab makes it, unless the person wants to undo across cells.
  readonly sharedModel = YNotebook.create({
    disableDocumentWideUndoRedo: true
  });

  get cells(): ICellModel[] {
    return this.sharedModel.cells.map(shared => {
      const model =
        this._models.get(shared) ??
        (shared.cell_type === 'code'
          ? new CodeCellModel({ sharedModel: shared })
          : new MarkdownCellModel({ sharedModel: shared as never }));
      this._models.set(shared, model);
      return model;
    });
  }

  getMetadata(key: string): unknown {
    return this.sharedModel.getMetadata(key);
  }

  setMetadata(key: string, value: unknown): void {
    this.sharedModel.setMetadata(key, value as never);
  }

  code(cellId: string): ICodeCellModel {
    return this.cells.find(({ id }) => id === cellId) as ICodeCellModel;
  }

  shown(): [id: string, source: string][] {
    return this.cells.map(({ id, sharedModel }) => [
      id,
      sharedModel.getSource()
    ]);
  }

  private readonly _models = new Map<object, ICellModel>();
}
