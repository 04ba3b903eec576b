// The look of cards and panel: tokens, logical sides, no length that the page could change.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
#root { --bg: var(--help-background, light-dark(#fff, #18221d)); --ink: var(--help-text, light-dark(#15211c, #e6ede9)); --soft: light-dark(#53625b, #a3b3ab);
  --line: light-dark(#dfe6e2, #2f3e37); --edge: light-dark(#7d8a84, #7f8f87); --wash: light-dark(#f0f5f2, #202c26); --round: var(--help-radius, 12px); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: -2px; }
[part=offers], [part=panel] { margin: 0; padding: 0; border: 1px solid var(--line); border-radius: var(--round); background: var(--bg); color: var(--ink); overflow-wrap: anywhere; }
[part=offers][popover] { position: absolute; inset: auto; overflow: visible; box-shadow: 0 8px 28px #0002; }
header { display: flex; align-items: center; gap: 8px; padding: 6px 8px 6px 16px; border-bottom: 1px solid var(--line); }
[dir=rtl] header { padding: 6px 16px 6px 8px; }
h2 { flex: 1; margin: 0; font-size: 1.0625em; line-height: 1.3; outline: none; }
ul { margin: 0; padding: 0; list-style: none; }
li { display: flex; border-bottom: 1px solid var(--line); }
a { color: var(--accent); }
[part=card] { flex: 1; min-width: 0; padding: 12px 4px 12px 16px; color: inherit; text-decoration: none; }
[part=card]:dir(rtl) { padding: 12px 16px 12px 4px; }
[part=card]:hover { background: var(--wash); }
b, small, span { display: block; }
b { color: var(--accent); font-weight: 600; line-height: 1.35; }
small { color: var(--soft); font-size: .8125em; }
li span { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 3; margin-top: 2px; font-size: .875em; }
mark { background: light-dark(#ffe9a3, #5c4a0a); color: inherit; }
button { min-height: 44px; padding: 8px 16px; border: 1px solid var(--edge); border-radius: 10px; background: var(--bg); color: inherit; font: inherit; font-weight: 500; cursor: pointer; }
.icon { flex: none; width: 40px; min-height: 40px; margin: 4px; padding: 0; border: 0; background: none; color: var(--soft); font-size: 22px; line-height: 1; }
button:hover { background: var(--wash); }
.main, .main:hover, [part=chip] { border-color: transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; }
[part=chip] { position: fixed; inset: auto 12px 12px; margin: 0 auto; border-radius: 99px; }
.note { margin: 0; padding: 12px 16px; }
.note:empty, [role=alert]:empty { display: none; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[part=panel] { position: fixed; inset: 12px 12px 12px auto; width: min(var(--help-width, 420px), 100vw - 24px); max-width: none; height: auto; max-height: none; flex-direction: column; box-shadow: 0 8px 40px #0004; }
[dir=rtl] [part=panel] { inset: 12px auto 12px 12px; }
[part=panel]:is([open], :popover-open) { display: flex; }
[part=body] { flex: 1; padding: 16px; overflow: auto; overscroll-behavior: contain; }
[part=body] ul:has([part=card]) { margin: 0 -16px; }
[part=body] [part=offers] { margin: 16px 0 0; overflow: hidden; }
[part=body] [part=offers] ul { margin: 0; }
h3 { margin: 20px 0 4px; color: var(--soft); font-size: .875em; }
footer { display: flex; flex-wrap: wrap; gap: 8px; padding: 12px 16px; border-top: 1px solid var(--line); }
footer p { flex: 1 100%; margin: 0; font-weight: 600; }
label { display: block; margin-bottom: 12px; font-weight: 500; }
input, textarea { display: block; width: 100%; min-height: 44px; margin-top: 4px; padding: 8px 12px; border: 1px solid var(--edge); border-radius: 10px; background: var(--bg); color: inherit; font: inherit; font-size: max(16px, 1em); resize: vertical; }
[role=search] { display: flex; align-items: end; gap: 8px; }
[role=search] label { flex: 1; margin: 0; }
[role=alert] { color: light-dark(#b3261e, #ff9d94); }
.article :is(h1, h2, h3, h4) { margin: 1.2em 0 .4em; color: inherit; font-size: 1.1em; line-height: 1.3; }
.article img { max-width: 100%; height: auto; }
.article :is(pre, table) { display: block; overflow: auto; padding: 8px; background: var(--wash); }
.article :is(td, th) { padding: 4px 8px; text-align: start; vertical-align: top; }
.article :is(ul, ol) { padding-inline-start: 1.4em; list-style: revert; }
.article li { display: list-item; border: 0; }
@media (max-width: 639px) { #root [part=panel] { inset: 0; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } }
@media (prefers-reduced-motion: no-preference) { [part=offers], [part=panel] { animation: in .16s; } @keyframes in { from { opacity: 0; transform: translateY(6px); } } }
@media (forced-colors: active) { mark { background: Highlight; color: HighlightText; forced-color-adjust: none; } button { border: 1px solid !important; } }
`);

export function dress({ shadowRoot: { adoptedStyleSheets: worn } }) {
  if (!worn.includes(sheet)) worn.push(sheet);
}
