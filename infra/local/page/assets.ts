/** What the browser loads: the page, its script and its style, bundled from browser/ when the server starts. */
import { build } from 'esbuild';

export interface Asset {
  readonly type: string;
  readonly body: string | Uint8Array;
}

const browser = new URL('./browser/', import.meta.url);

/** @param server identifies this start of the server */
export async function pageAssets(server: string): Promise<ReadonlyMap<string, Asset>> {
  const [script, style] = await Promise.all([bundled('main.tsx'), bundled('page.css')]);
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html(server) }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: script }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: style }],
    ['/icon.svg', { type: 'image/svg+xml; charset=utf-8', body: icon }],
  ]);
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, browser).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

function html(server: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="etcd-appliance-server" content="${server}">
<title>etcd-appliance</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript; the same is at <a href="/api">/api</a> as JSON.</noscript></div>
</body>
</html>
`;
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M16 7v8M16 15 8 23M16 15l8 8" stroke="#2563eb" stroke-width="3"/><g fill="#2563eb"><circle cx="16" cy="7" r="5"/><circle cx="8" cy="24" r="5"/><circle cx="24" cy="24" r="5"/></g></svg>
`;
