import type { IRenderMime } from '@jupyterlab/rendermime';

const TAGS =
  'a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small span ' +
  'strong sub sup table tbody td tfoot th thead tr u ul var';

/**
 * A sanitizer for what a model has written: plain prose, tables, code and links to click.
 *
 * JupyterLab's own lets pictures, styles and form elements pass, as a person's notes may want them. A picture is fetched
 * as soon as it is shown, so that its address could carry data out; styles and buttons could look like our own.
 */
export function proseSanitizer(
  sanitizer: IRenderMime.ISanitizer
): IRenderMime.ISanitizer {
  return {
    getAutolink: () => sanitizer.getAutolink?.() ?? true,
    sanitize: dirty =>
      sanitizer.sanitize(dirty, {
        allowedTags: TAGS.split(' '),
        allowedAttributes: {
          a: ['href', 'title'],
          code: ['class'],
          pre: ['class'],
          span: ['class'],
          ol: ['start'],
          td: ['align'],
          th: ['align']
        },
        allowedStyles: {}
      })
  };
}
