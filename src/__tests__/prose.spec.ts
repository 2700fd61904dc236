import { Sanitizer } from '@jupyterlab/apputils';

import { proseSanitizer } from '../prose';

const { sanitize } = proseSanitizer(new Sanitizer());

describe('what a model has written', () => {
  it.each([
    '<script>alert(1)</script>',
    '<img src="https://e.test/?q=1" onerror="alert(1)">',
    '<svg onload="alert(1)"><image href="https://e.test"/></svg>',
    '<video poster="https://e.test" src="https://e.test"></video>',
    '<iframe src="https://e.test"></iframe>',
    '<p style="background-image: url(https://e.test)">x</p>',
    '<table background="https://e.test"><tr><td>x</td></tr></table>',
    '<form action="https://e.test"><input><button>Approve</button></form>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<p onclick="alert(1)" data-commandlinker-command="ml-intern:open">x</p>',
    '<p id="jp-main" class="jp-Intern-button">x</p>'
  ])('loads and runs nothing: %s', dirty => {
    const page = document.createElement('template');
    page.innerHTML = sanitize(dirty);
    const elements = [...page.content.querySelectorAll('*')];
    expect(
      elements.filter(({ localName }) => !/^(p|a|t\w*)$/.test(localName))
    ).toEqual([]);
    expect(elements.flatMap(element => element.getAttributeNames())).toEqual(
      []
    );
  });

  it('keeps prose, code, tables and links', () => {
    const clean =
      '<h2>A</h2><p><strong>b</strong> <a href="https://e.test" rel="nofollow">c</a></p>' +
      '<pre><code class="language-python"><span class="tok">d</span></code></pre>' +
      '<table><tr><td align="right">1</td></tr></table>';
    const page = document.createElement('template');
    page.innerHTML = sanitize(clean);
    expect(page.content.textContent).toBe('Ab cd1');
    expect(page.content.querySelector('a')?.getAttribute('href')).toBe(
      'https://e.test'
    );
    expect(page.content.querySelector('code')?.className).toBe(
      'language-python'
    );
    expect(page.content.querySelector('td')?.getAttribute('align')).toBe(
      'right'
    );
  });
});
