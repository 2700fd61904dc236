// Apart, so that the start of the page needs nothing else of the notebook's code.
export {
  INotebookCellExecutor,
  INotebookTracker,
  KernelError,
  runCell,
  type NotebookPanel
} from '@jupyterlab/notebook';
