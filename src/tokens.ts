/** Names our settings and our plugin. */
export const PLUGIN_ID = 'ml-intern-jlab:plugin';

/** Names the plugin that runs the person's own cells. */
export const EXECUTOR_ID = 'ml-intern-jlab:cell-executor';

/** Names the panel among JupyterLab's widgets. */
export const PANEL_ID = 'ml-intern-panel';

/** The commands that the palette, the menus, the magic and the panel share. */
export namespace CommandIDs {
  export const open = 'ml-intern:open';
  export const newSession = 'ml-intern:new-session';
  export const openSession = 'ml-intern:open-session';
  export const deleteSession = 'ml-intern:delete-session';
  export const stopRun = 'ml-intern:stop-run';
  export const undoRun = 'ml-intern:undo-run';
  export const showChanges = 'ml-intern:show-changes';
  export const review = 'ml-intern:review';
  /** JupyterLab's own. */
  export const restartAndRunToSelected = 'notebook:restart-and-run-to-selected';
  /** JupyterLab's own. */
  export const restartKernel = 'notebook:restart-kernel';
}
