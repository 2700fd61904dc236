import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { InternModel } from '../model';

/** What every part of the panel may use. */
export interface IPanelContext {
  readonly model: InternModel;
  readonly commands: CommandRegistry;
  readonly languages: IEditorLanguageRegistry;
  readonly rendermime: IRenderMimeRegistry;
  readonly trans: TranslationBundle;
}

const Context = React.createContext<IPanelContext | null>(null);

export const PanelProvider = Context.Provider;

/** The panel's context; only parts of the panel may ask for it. */
export function usePanel(): IPanelContext {
  const context = React.useContext(Context);
  if (context === null) {
    throw new Error('This component belongs inside the ML intern panel.');
  }
  return context;
}
