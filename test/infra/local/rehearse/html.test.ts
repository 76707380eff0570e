import { expect, test } from '@jest/globals';
import { html } from '../../../../infra/local/rehearse/report/html.ts';

test('what is put into markup is escaped, markup is not, and nothing is nothing', () => {
  const name = `<script>alert("a & b")</script>'`;
  const inner = [html`<b>${1.005}</b>`, name, null];
  expect(html`<p title="${name}">${inner}</p>`.text).toBe(
    '<p title="&lt;script&gt;alert(&quot;a &amp; b&quot;)&lt;/script&gt;&#39;"><b>1</b>&lt;script&gt;alert(&quot;a &amp; b&quot;)&lt;/script&gt;&#39;</p>',
  );
});
