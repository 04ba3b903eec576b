// The side panel in which an offered article opens, so that the form and its text stay where they are.

import { api, tell, watchReading, words } from "./events.js";

// The one place that takes HTML: the API's article, which the server has sanitised.
const own = { createHTML: (html) => html };
const policy = window.trustedTypes?.createPolicy("shortstop", own) ?? own;

const panel = document.getElementById("kb-panel");
const title = document.getElementById("kb-panel-title");
const body = document.getElementById("kb-panel-body");
const out = document.getElementById("kb-panel-out");
let current = null;
let stopWatching = () => {};

async function load(hit) {
  const id = hit.article.split("/").map(encodeURIComponent).join("/");
  const answer = await fetch(`${api}/articles/${id}?lang=${encodeURIComponent(hit.lang)}`);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const half = () => body.scrollTop + body.clientHeight >= body.scrollHeight / 2;

function place(anchor) {
  const heading = anchor && body.querySelector(`#${CSS.escape(anchor)}`);
  body.scrollTop = heading ? heading.getBoundingClientRect().top - body.getBoundingClientRect().top - 12 : 0;
}

// By key, the buttons are few steps away: headings are no stops here, and what scrolls is one only where it does.
function skip(stops) {
  for (const stop of stops) {
    if (stop.matches("a") || (stop.clientWidth && stop.scrollWidth <= stop.clientWidth)) stop.tabIndex = -1;
  }
}

export async function open(hit, about) {
  current = { hit, about };
  title.textContent = hit.title;
  title.lang = body.lang = hit.lang;
  out.href = hit.url;
  body.textContent = words.loading;
  panel.showModal();
  try {
    const article = await load(hit);
    if (current?.hit !== hit) return;
    body.innerHTML = policy.createHTML(article.html);
    for (const link of body.querySelectorAll("a[href]:not([href^='#'])")) link.target = "_blank";
    skip(body.querySelectorAll("a.anchor, pre, .table"));
    place(hit.anchor);
    stopWatching = watchReading(half, body, () => tell("read", { ...about, revision: article.revision }));
  } catch {
    if (current?.hit === hit) body.textContent = words.failed;
  }
}

body.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  event.preventDefault();
  place(decodeURIComponent(link.hash.slice(1)));
});

export function onAnswer(solved, notThis) {
  const answer = (done) => () => {
    const { hit, about } = current;
    panel.close();
    done(hit, about);
  };
  document.getElementById("kb-solved").addEventListener("click", answer(solved));
  document.getElementById("kb-not").addEventListener("click", answer(notThis));
}

document.getElementById("kb-panel-close").addEventListener("click", () => panel.close());
panel.addEventListener("click", (event) => event.target === panel && panel.close());
panel.addEventListener("close", () => {
  stopWatching();
  current = null;
});
export const isOpen = () => panel.open;
