// Apart, so that the start of the page needs nothing else of the notebook's code.
export { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
