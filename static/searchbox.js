// Search while typing: a combobox over GET /api/v1/complete. Without it, the form searches when it is sent.

import { fill, lang, service, words } from "./site-service.js";
import { activate, walked } from "./widget/combobox.js";
import { h } from "./widget/dom.js";

const PAUSE = 120;

function upgrade(form) {
  const input = form.querySelector("input[name=q]");
  const list = h("div", { class: "found", role: "listbox", id: `${input.id}-list`, "aria-label": words.found });
  const status = h("p", { class: "sr", role: "status" });
  list.hidden = true;
  form.append(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  })) input.setAttribute(name, value);

  let timer, running, asked = 0, shown = "", active = -1;
  const options = () => [...list.children];

  function show(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  }

  function choose(index) {
    active = index;
    activate(input, options(), index);
  }

  function close() {
    clearTimeout(timer);
    running?.abort();
    asked++;
    show(false);
    status.textContent = "";
  }

  function option(hit, at) {
    const under = [hit.heading, hit.snippet.map((piece) => piece.text).join("")].find(Boolean);
    const made = h("a", { href: hit.url, role: "option", id: `${list.id}-${at}`, tabindex: "-1",
      "data-article": hit.article, "data-rank": String(at + 1), "data-source": "search" },
      h("strong", {}, hit.title), ...(under ? [h("span", {}, under)] : []));
    if (hit.lang !== lang) made.setAttribute("lang", hit.lang);
    if (hit.language) made.append(h("em", { class: "tag" }, hit.language));
    return made;
  }

  function render(text, hits) {
    const all = h("a", { class: "all", role: "option", id: `${list.id}-all`, tabindex: "-1",
      href: `${form.action}?q=${encodeURIComponent(text)}` }, fill(words.all, text));
    list.replaceChildren(...hits.map(option), all);
    show(document.activeElement === input);
    choose(-1);
    status.textContent = hits.length ? words.many[hits.length - 1] ?? "" : words.none;
    shown = text;
  }

  async function ask() {
    const text = input.value.trim();
    if (text === shown && list.childElementCount) return show(text !== "");
    if (!text) return close();
    running?.abort();
    running = new AbortController();
    const turn = ++asked;
    try {
      const { hits } = await service.call("complete", { q: text, lang, k: 7, signal: running.signal });
      if (turn === asked) render(text, hits); // an older answer never overwrites a newer one
    } catch {
      if (turn === asked) show(false); // Enter still searches
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  }

  function key(event) {
    if (event.isComposing) return;
    const count = options().length;
    const next = walked(event.key, active, count);
    if (event.key === "Escape" && !list.hidden) {
      close();
      event.preventDefault();
    } else if (next !== undefined && count) {
      event.preventDefault();
      if (list.hidden) return ask();
      choose(next);
    } else if (event.key === "Enter" && active >= 0 && !list.hidden) {
      event.preventDefault();
      options()[active].click();
    }
  }

  input.addEventListener("input", (event) => event.isComposing || later());
  input.addEventListener("compositionend", later);
  input.addEventListener("keydown", key);
  const isCurrent = () => shown && input.value.trim() === shown && list.childElementCount;
  input.addEventListener("focus", () => isCurrent() && show(true));
  input.addEventListener("blur", () => show(false));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the click comes before the blur
  form.addEventListener("submit", (event) => input.value.trim() || event.preventDefault());
}

document.querySelectorAll(".searchbox").forEach(upgrade);

const box = document.getElementById("kb-q");
const mac = /^(Mac|iP)/.test(navigator.platform);
if (box) {
  box.setAttribute("aria-keyshortcuts", `${mac ? "Meta" : "Control"}+K /`);
  box.after(h("kbd", { class: "shortcut", "aria-hidden": "true" }, mac ? "⌘K" : "Ctrl K"));
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog, [contenteditable]");
  const command = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const asked = event.key === "/" ? !event.ctrlKey && !event.metaKey : event.key.toLowerCase() === "k" && command;
  if (!box || !asked || event.altKey || event.isComposing || (typing && typing !== box)) return;
  if (typing && event.key === "/") return;
  event.preventDefault();
  box.focus();
  box.select();
});
