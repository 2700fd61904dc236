import { renderMarkdown } from '@jupyterlab/rendermime';
import * as React from 'react';

import { proseSanitizer } from '../prose';
import { usePanel } from './context';

/** Code as the notebook shows it, not editable. Until the language is loaded, and should that fail, it is plain. */
export function HighlightedCode(props: {
  source: string;
  language: string;
}): JSX.Element {
  const { source, language } = props;
  const { languages } = usePanel();
  const host = React.useRef<HTMLPreElement>(null);

  React.useEffect(() => {
    let current = true;
    const code = document.createElement('code');
    const show = () => {
      if (current) {
        host.current?.replaceChildren(code);
      }
    };
    languages
      .highlight(source, languages.findBest(language || 'python'), code)
      .catch(() => {
        code.textContent = source;
      })
      .finally(show);
    return () => {
      current = false;
    };
  }, [source, language, languages]);

  return (
    <pre ref={host} className="jp-Intern-code" tabIndex={-1}>
      {source}
    </pre>
  );
}

/** A model's or the intern's prose, as sanitised markdown. */
export function Prose(props: { markdown: string }): JSX.Element {
  const { markdown } = props;
  const { rendermime } = usePanel();
  const host = React.useRef<HTMLDivElement>(null);

  React.useEffect(() => {
    let current = true;
    const { sanitizer, linkHandler, latexTypesetter, markdownParser } =
      rendermime;
    const node = document.createElement('div');
    renderMarkdown({
      host: node,
      source: markdown,
      trusted: false,
      resolver: null,
      sanitizer: proseSanitizer(sanitizer),
      linkHandler,
      latexTypesetter,
      markdownParser,
      shouldTypeset: markdown.includes('$')
    })
      .catch(() => {
        node.textContent = markdown;
      })
      .finally(() => {
        if (current) {
          host.current?.replaceChildren(node);
        }
      });
    return () => {
      current = false;
    };
  }, [markdown, rendermime]);

  return (
    <div ref={host} className="jp-Intern-prose jp-RenderedHTMLCommon">
      {markdown}
    </div>
  );
}
