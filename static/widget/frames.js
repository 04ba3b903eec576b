// Frames of the same origin: what is typed in one reaches the widget of the outer page, with a path that leads out.

import { foreign } from "./advice.js";

const TYPES = ["beforeinput", "input", "compositionend"];
const watched = new WeakMap(); // widget → documents

/** Listen in the frame that has the focus, and in those within it; `typed` takes an event and its path. */
export function start(host, typed, root = document) {
  const { activeElement: active } = root;
  if (active?.shadowRoot) return start(host, typed, active.shadowRoot);
  if (active?.localName !== "iframe") return;
  const inner = active.contentDocument;
  if (!inner) return foreign(host, active);
  if (inner.querySelector("help-widget[form]")) return; // the framed page has a line of its own
  if (!watched.has(host)) watched.set(host, new WeakSet());
  if (!watched.get(host).has(inner)) listen(host, typed, inner);
  start(host, typed, inner);
}

function listen(host, typed, inner) {
  watched.get(host).add(inner);
  const { defaultView: view, activeElement: field } = inner;
  const options = { signal: host.life, capture: true };
  const hand = (event) => typed(event, pathFrom(event.composedPath()[0]));
  for (const type of TYPES) inner.addEventListener(type, hand, options);
  view.addEventListener("blur", () => setTimeout(() => start(host, typed, inner)), options);
  // The next page in the frame has no blur of ours before it.
  view.frameElement.addEventListener("load", () => start(host, typed, view.frameElement.getRootNode()), options);
  const entered = ({ target }) => target.localName === "textarea" && hasDraft() && typed({}, pathFrom(target));
  inner.addEventListener("focusin", entered, options);
  const { value, defaultValue, isContentEditable } = field ?? {};
  // Typed while this file was on its way.
  if (value || isContentEditable) typed({ isTrusted: value !== defaultValue }, pathFrom(field));
  else if (field) entered({ target: field });
}

// A draft may be filled in as soon as its field is entered. Storage may be forbidden.
function hasDraft() {
  try {
    return Object.keys(sessionStorage).join().includes("help-widget:draft");
  } catch {}
}

/** Return what an event in a frame passes: up to its document, and on from the frame's element to the outer page. */
function pathFrom(node) {
  const path = [];
  while (node && node !== document) {
    path.push(node);
    node = node.parentNode ?? node.host ?? node.defaultView?.frameElement;
  }
  return path;
}
