// The side panel in which an offered article opens, so that the form and its text stay where they are.

import { service, words } from "./site-service.js";
import { h } from "./widget/dom.js";
import { fetchArticle, followWithin, isHalfSeen, scrollToHeading, watchReading } from "./widget/reader.js";

const panel = document.getElementById("kb-panel");
const title = document.getElementById("kb-panel-title");
const body = document.getElementById("kb-panel-body");
const out = document.getElementById("kb-panel-out");
let current = null;
let stopWatching = () => {};

// Tab reaches the buttons in few steps: it skips the anchors of headings, and what could scroll but doesn't.
function skip(stops) {
  for (const stop of stops) {
    if (stop.matches("a") || (stop.clientWidth && stop.scrollWidth <= stop.clientWidth)) stop.tabIndex = -1;
  }
}

/** Open an article; `about` are the fields of its events. */
export async function open(hit, about) {
  current = { hit, about };
  title.textContent = hit.title;
  title.lang = body.lang = hit.lang;
  out.href = hit.url;
  body.textContent = words.loading;
  panel.showModal();
  try {
    const { nodes, revision } = await fetchArticle(service, hit.article, hit.lang);
    if (current?.hit !== hit) return;
    body.replaceChildren(...nodes);
    skip(body.querySelectorAll("a.anchor, pre, .table"));
    scrollToHeading(body, hit.anchor);
    stopWatching = watchReading(() => isHalfSeen(body), body, () => service.log("read", { ...about, revision }));
  } catch {
    if (current?.hit === hit) body.replaceChildren(words.failed, " ", h("a", { href: hit.url }, hit.title));
  }
}

/** Call one of these with the hit and the fields of its events when the visitor answers. */
export function onAnswer({ solved, notThis }) {
  const answer = (done) => () => {
    const { hit, about } = current;
    panel.close();
    done(hit, about);
  };
  document.getElementById("kb-solved").addEventListener("click", answer(solved));
  document.getElementById("kb-not").addEventListener("click", answer(notThis));
}

export const isOpen = () => panel.open;

body.addEventListener("click", (event) => followWithin(event, body));
document.getElementById("kb-panel-close").addEventListener("click", () => panel.close());
panel.addEventListener("click", (event) => event.target === panel && panel.close());
panel.addEventListener("close", () => {
  stopWatching();
  current = null;
});
