/** How the report looks, light and dark: of a file that needs nothing else. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --surface: #ffffff; --text: #1a2230; --quiet: #566073; --line: #d3d9e2; --grid: #e3e7ed;
  --series: #2a78d6; --series-quiet: #b5d1f4; --bad: #c42b1c; --good: #0f6b2c; --band: #eef2f8; --band-odd: #e0e7f2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141b; --surface: #171e28; --text: #e6eaf1; --quiet: #a3adbd; --line: #2d3746; --grid: #2a3442;
    --series: #4c93ea; --series-quiet: #29466d; --bad: #ff7b72; --good: #6fd48a; --band: #1c2532; --band-odd: #243042;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1140px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 0 0 4px; }
p { margin: 4px 0 12px; max-width: 80ch; }
.quiet, figcaption { color: var(--quiet); }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 16px 20px; margin-top: 16px; }
.verdict { font-weight: 600; overflow-wrap: anywhere; }
.verdict.good { color: var(--good); }
.verdict.bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin-top: 16px; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-weight: 600; }
.tile span { color: var(--quiet); font-size: 0.85rem; }
figure { margin: 8px 0 0; }
.scroll { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 760px; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--text); font-variant-numeric: tabular-nums; }
svg .tick { fill: var(--quiet); }
svg .hop { font-weight: 600; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
.grid { stroke: var(--grid); }
.goal { stroke: var(--text); stroke-width: 2; }
.band.even { fill: var(--band); }
.band.odd { fill: var(--band-odd); }
.cover { fill: transparent; }
.acknowledged, .gap, .down, .key.acknowledged { fill: var(--series); background: var(--series); }
.step, .key.step { fill: var(--series-quiet); background: var(--series-quiet); }
.failed, .over, .key.failed { fill: var(--bad); background: var(--bad); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 6px 0 12px; }
.key:first-child { margin-left: 0; }
.key.goal { width: 2px; height: 14px; background: var(--text); vertical-align: middle; }
.key.down { background: var(--series); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
th { color: var(--quiet); font-weight: 500; font-size: 0.85rem; }
tfoot td { font-weight: 600; border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
.nowrap { white-space: nowrap; }
.bad { color: var(--bad); }
ol, ul { padding-left: 22px; margin: 8px 0; }
li { margin: 4px 0; max-width: 100ch; }
code { font: 0.9em ui-monospace, monospace; }
summary { cursor: pointer; }
`;
