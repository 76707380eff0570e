import { render } from 'preact';
import { Page } from './page.tsx';
import { takeToken } from './token.ts';

// Before anybody else reads the address.
takeToken();
addEventListener('hashchange', takeToken);

const root = document.querySelector('#page');
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
