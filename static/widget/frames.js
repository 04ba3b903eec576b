// Frames of the same origin: what is typed in one reaches the widget of the outer page, with a path that leads out.

import { foreign } from "./advice.js";

const TYPES = ["input", "compositionend"];
const watched = new WeakMap(); // widget → documents

/** Listen in the frame that has the focus, and in those within it. */
export default function watch(host, typed, root = document) {
  const { activeElement: active } = root;
  if (active?.shadowRoot) return watch(host, typed, active.shadowRoot);
  if (active?.localName !== "iframe") return;
  const inner = active.contentDocument;
  if (!inner) return foreign(host, active);
  const known = watched.get(host) ?? new WeakSet();
  watched.set(host, known);
  const again = () => setTimeout(() => watch(host, typed, inner));
  if (!known.has(inner)) {
    known.add(inner);
    const options = { signal: host.life, capture: true, passive: true };
    for (const type of TYPES) inner.addEventListener(type, (event) => typed(event, pathOf(event)), options);
    inner.defaultView.addEventListener("blur", again, options);
    active.addEventListener("load", () => watch(host, typed, root), options);
  }
  again();
}

/** Return the path of an event in a frame, continued through the frame's element to the outer page. */
function pathOf(event) {
  const path = event.composedPath().filter((node) => node.nodeType === 1 || node.nodeType === 11);
  for (let { ownerDocument: { defaultView } } = path[0]; defaultView !== window; defaultView = defaultView.parent) {
    for (let node = defaultView.frameElement; node; node = node.parentNode ?? node.host) path.push(node);
  }
  return path;
}
