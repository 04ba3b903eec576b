// Up to three articles beside the form while it is being filled in; when anything fails there are none.

import { api, element, fill, identity, lang, marked, send, words } from "./events.js";

const PAUSE = 300;
const PATIENCE = 400;
const ON_SCREEN = 800;
const LEAST = 10; // characters; less is not a question yet

export function offers({ box, read, onOpen, onEpisode, busy }) {
  const list = box.querySelector("ol");
  const status = document.getElementById("kb-said");
  const dismissed = new Set();
  let timer, running, asked = 0, episode = "", cards = [], waiting = null, last = "";

  const about = (hit) => ({ episode, article: hit.article, rank: cards.indexOf(hit) + 1, source: "offer" });
  const held = () => busy() || list.matches(":hover") || list.contains(document.activeElement);

  function card(hit) {
    const link = element("a", { href: hit.url }, hit.title);
    link.addEventListener("click", (event) => {
      send("follow", about(hit));
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      onOpen(hit, about(hit));
    });
    const made = element("li", { class: "offer", lang: hit.lang }, element("h3", {}, link));
    if (hit.heading) made.append(element("p", { class: "path" }, hit.heading));
    if (hit.snippet.length) made.append(element("p", { class: "snippet" }, ...marked(hit.snippet)));
    return made;
  }

  const seen = new Set();
  const clocks = new Map();
  const eye = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => {
    clearTimeout(clocks.get(target));
    if (isIntersecting) clocks.set(target, setTimeout(() => shown(target), ON_SCREEN));
  }), { threshold: 0.5 });

  function shown(item) {
    const hit = cards[[...list.children].indexOf(item)];
    const key = hit && `${episode} ${hit.article}`;
    if (!hit || document.hidden || seen.has(key)) return;
    seen.add(key);
    send("shown", about(hit));
  }

  function render(hits, { force = false } = {}) {
    const fresh = hits.filter((hit) => !dismissed.has(hit.article)).slice(0, 3);
    if (!force && held()) return (waiting = hits); // a card under pointer or focus never changes
    waiting = null;
    const same = fresh.map((hit) => hit.url).join() === cards.map((hit) => hit.url).join();
    if (same) return;
    clocks.forEach(clearTimeout);
    eye.disconnect();
    cards = fresh;
    list.replaceChildren(...cards.map(card));
    [...list.children].forEach((item) => eye.observe(item));
    box.hidden = !cards.length;
    status.textContent = !cards.length ? "" : cards.length === 1 ? words.offerOne : fill(words.offerMany, cards.length);
  }

  const settle = () => setTimeout(() => waiting && !held() && render(waiting));
  list.addEventListener("pointerleave", settle);
  list.addEventListener("focusout", settle);

  async function ask() {
    const form = read();
    const text = JSON.stringify(form);
    running?.abort();
    const turn = ++asked;
    if (form.quiet || form.subject.length + form.body.length < LEAST) {
      last = "";
      return render([]);
    }
    if (text === last) return;
    running = new AbortController();
    const clock = setTimeout(() => running.abort(), PATIENCE);
    try {
      const { quiet, ...asking } = form;
      const answer = await fetch(`${api}/offers`, {
        method: "POST", signal: running.signal, headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...identity(), ...(episode && { episode }), lang, ...asking }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const offer = await answer.json();
      if (turn !== asked) return;
      last = text;
      if (offer.episode && offer.episode !== episode) onEpisode((episode = offer.episode));
      render(offer.cards);
    } catch {
      // late, refused or down: what is shown stays, and the form works without
    } finally {
      clearTimeout(clock);
    }
  }

  return {
    typed() {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
    settle,
    resume(known) {
      episode = known;
    },
    dismiss(hit) {
      dismissed.add(hit.article);
      render(cards, { force: true });
      return list.querySelector("a");
    },
  };
}
