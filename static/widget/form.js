// A contact form, the owner's or ours: keeps what is typed, offers articles on a pause, and never stands in the way.

import { h, kept, lift, link } from "./core.js";
import { dress } from "./look.js";

const PAUSE = 300;
const PATIENCE = 400; // ms; a later answer would pop up at somebody who has gone on
const AGAIN = [1000, 4000]; // ms until a late or failed question is asked again
const ON_SCREEN = 800; // ms until cards count as shown
const CLEARLY = 0.1; // of a probability: what a new card must be better by to take a place
const WIDTH = 320;
const GAP = 12;
const FIELDS = "textarea, input:not([type]), input:is([type=text], [type=email], [type=tel], [type=url])";
const SUBJECT = /subject|topic|title|betreff|thema|asunto|tema|sujet|objet|oggetto|assunto|موضوع/i;
const PURPOSE = /contact|support|help|ticket|request|feedback|message|kontakt|anfrage|ayuda|تواصل/i;

/** The form in which visitors write to people, or nothing: it has a text area, no password, no search. */
export function guess(forms) {
  const value = (form) => {
    if (!form.querySelector("textarea") || form.querySelector("[type=password], [type=search]")) return 0;
    return 1 + PURPOSE.test(`${form.id} ${form.className} ${form.getAttribute("action")}`) + !!form.querySelector("[type=email]");
  };
  return forms.filter(value).sort((a, b) => value(b) - value(a))[0];
}

/** The cards to show next: those there stay in place, unless missing twice or clearly beaten. */
export function settle(shown, fresh) {
  const slots = shown.map((card) => {
    const again = fresh.find(({ article }) => article === card.article);
    return { ...card, score: again ? again.score : card.score - CLEARLY, missed: again ? 0 : (card.missed ?? 0) + 1 };
  }).filter(({ missed }) => missed < 2);
  for (const card of fresh) {
    if (slots.some(({ article }) => article === card.article)) continue;
    const weakest = slots.reduce((a, b) => (b.score < a.score ? b : a), card);
    if (slots.length < 3) slots.push(card);
    else if (card.score > weakest.score + CLEARLY) slots[slots.indexOf(weakest)] = card;
  }
  return slots;
}

const likely = ({ name, id, placeholder, labels }) => SUBJECT.test([name, id, placeholder, labels?.[0]?.textContent].join(" "));

export default class Form {
  cards = [];
  #tries = 0;
  #not = kept("not-this") ?? [];
  #seen = new Set();

  /** `own` is our form in the panel, which the cards follow; without it they stand over the page beside the owner's. */
  constructor(host, own) {
    Object.assign(this, { host, own, service: host.service });
    const { life: signal } = host;
    const on = (type, act, target = window) => target.addEventListener(type, act, { signal, capture: true, passive: true });
    on("submit", ({ target }) => target === this.form && !own && this.#attempted());
    on("pagehide", () => this.#left());
    for (const type of ["popstate", "hashchange"]) on(type, () => this.#moved());
    if (window.navigation) on("navigatesuccess", () => this.#moved(), navigation);
    on("resize", () => this.#place());
    on("scroll", () => this.#place());
    const success = host.getAttribute("success");
    if (success) on(success, ({ target }) => (!target.closest || target.contains(this.form) || this.form?.contains(target)) && this.sent());
    this.page = location.pathname;
  }

  typed({ isComposing }, path) {
    const { selector } = this;
    if (!this.own && path.includes(this.host)) return;
    const form = this.own ?? (selector ? path.find((node) => node.matches?.(selector)) : guess(path.filter((node) => node.localName === "form")));
    if (!this.#take(form)) return;
    kept(this.draft, Object.fromEntries([...this.#fields()].map(([name, { value }]) => [name, value])));
    if (isComposing || !path.some((node) => node === this.subject || node === this.body)) return;
    this.#tries = 0;
    this.#soon(PAUSE);
  }

  /** Look for a form in which something was typed before a reload. */
  restore() {
    const { selector } = this;
    this.#take(this.own ?? (selector ? document.querySelector(selector) : guess([...document.forms])));
  }

  /** The message has arrived: by the page's own word, its success event, or our API's answer. */
  sent(detail) {
    kept(this.draft, null);
    this.done = true;
    this.service.say("sent", detail);
    this.#put([]);
  }

  get selector() {
    return this.host.getAttribute("form");
  }

  get draft() {
    return `draft ${location.pathname} ${this.own ? "" : this.selector}`;
  }

  // Fields are looked up at every keystroke, since frameworks put new ones in the place of old.
  #take(form) {
    if (!form) return false;
    const known = this.form === form;
    this.form = form;
    this.body = this.#field("body", () => form.querySelector("textarea, [contenteditable]"));
    this.subject = this.#field("subject", () => [...form.querySelectorAll("input:not([type]), input[type=text]")].find(likely));
    if (!known) this.#refill();
    return this.body || this.subject;
  }

  #refill() {
    const draft = kept(this.draft) ?? {};
    if (draft[" attempted"] && performance.getEntriesByType("navigation")[0]?.type === "navigate") return kept(this.draft, null);
    for (const [name, field] of this.#fields()) {
      if (field.value || !draft[name]) continue;
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, draft[name]); // React replaces the setter
      field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    }
  }

  #field(name, guessed) {
    const selector = !this.own && this.host.getAttribute(name);
    const found = selector && (this.form.querySelector(selector) ?? document.querySelector(selector));
    if (selector && !found) this.service.tell(`${name}="${selector}" matches nothing; correct it, or leave it out to have it guessed`);
    return found || guessed();
  }

  *#fields() {
    for (const [index, field] of this.form.querySelectorAll(FIELDS).entries()) if (!/^(cc-|one-time)/.test(field.autocomplete)) yield [field.name || field.id || index, field];
  }

  #soon(wait) {
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    const [subject, body] = [this.subject, this.body].map((field) => (field?.value ?? field?.innerText ?? "").trim());
    if (this.last === subject + body) return;
    this.running?.abort();
    if ((subject + body).length < 5) return this.show([]);
    const { signal } = (this.running = new AbortController());
    const category = this.form.querySelector(this.host.getAttribute("category") || "[name=category]")?.value;
    try {
      const asked = { ...this.service.context, subject: subject.slice(0, 300), body: body.slice(0, 8000), category };
      const { episode, cards } = await this.service.call("offers", { body: asked, signal, patience: PATIENCE });
      if (signal.aborted) return;
      this.last = subject + body;
      this.service.episode = episode;
      if (cards.length || this.box) await this.#build();
      this.show(cards);
    } catch {
      if (!signal.aborted && this.#tries < AGAIN.length) this.#soon(AGAIN[this.#tries++]);
    }
  }

  async #build() {
    if (this.box) return;
    const words = (this.words = await this.service.words());
    dress(this.host);
    this.list = h("ul");
    this.note = h("p", { class: "note" });
    this.said = h("p", { role: "status", class: "sr" });
    const popover = !this.own && "manual";
    const away = h("button", { type: "button", class: "icon", "aria-label": words.close, click: () => this.#away() }, "×");
    this.box = h("section", { part: "offers", "aria-label": words.offers, hidden: true, popover }, h("header", {}, h("h2", {}, words.offers), away), this.list, this.note);
    this.chip = h("button", { type: "button", part: "chip", hidden: true, popover, click: () => this.box.scrollIntoView({ block: "nearest" }) });
    this.box.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), this.#away()));
    for (const type of ["pointerleave", "focusout"]) this.box.addEventListener(type, () => setTimeout(() => this.waiting && this.show(this.waiting)));
    this.eye = new IntersectionObserver((entries) => entries.forEach((entry) => this.#look(entry)), { threshold: 0.5 });
    this.size = new ResizeObserver(() => this.#place());
    (this.own?.parentNode ?? this.host.root).append(this.box, this.chip, this.said);
  }

  get held() {
    return this.box?.matches(":hover, :focus-within");
  }

  /** A card under the pointer or focus never moves or changes; what came meanwhile waits. */
  show(fresh) {
    this.waiting = this.held ? fresh : null;
    if (!this.held) this.#put(settle(this.cards, fresh.filter(({ article }) => !this.#not.includes(article))));
  }

  #put(cards, note = "", ...buttons) {
    const same = !note && cards.map(({ url }) => url).join() === this.cards.map(({ url }) => url).join();
    this.cards = cards;
    if (same || !this.box) return;
    const there = new Map([...this.list.children].map((item) => [item.card.url, item]));
    this.list.replaceChildren(...cards.map((card) => there.get(card.url) ?? this.#item(card)));
    this.note.replaceChildren(note, " ", ...buttons);
    if (!note) this.note.replaceChildren();
    this.eye.disconnect();
    for (const item of this.list.children) this.eye.observe(item);
    this.said.textContent = note || (cards.length && this.words.offered.replace("{n}", cards.length)) || "";
    this.chip.textContent = this.words.offered.replace("{n}", cards.length);
    if (!this.own && cards.length) this.size.observe(this.form);
    this.box.hidden = !cards.length && !note;
    this.#place();
    if (cards.length && !note) this.service.say("offer", { articles: cards.map(({ article }) => article) });
  }

  #item(card) {
    const open = (elsewhere) => {
      this.service.log("follow", this.about(card));
      if (!elsewhere) this.host.article(card.article, card, this);
    };
    const label = `${this.words.not_this}: ${card.title}`;
    const no = h("button", { type: "button", class: "icon", "aria-label": label, title: label, click: () => this.reject(card) }, "×");
    return Object.assign(h("li", {}, link(card, open), no), { card });
  }

  about({ article, revision }) {
    return { article, revision, source: "offer", rank: this.cards.findIndex((card) => card.article === article) + 1 || undefined };
  }

  solved(card) {
    this.#answered("solved", card, []);
    this.done = true;
  }

  reject(card) {
    kept("not-this", this.#not = [...this.#not, card.article]);
    this.#answered("not_this", card, this.cards.filter(({ article }) => article !== card.article));
  }

  #answered(type, card, rest) {
    const before = this.cards;
    this.service.log(type, this.about(card));
    const undo = h("button", { type: "button", click: () => {
      this.service.log("undo", { article: card.article });
      this.done = false;
      kept("not-this", this.#not = this.#not.filter((article) => article !== card.article));
      this.#put(before);
      this.list.querySelector("a")?.focus();
    } }, this.words.undo);
    this.#put(rest, this.words[type === "solved" ? "glad" : "hidden"], undo);
    undo.focus();
  }

  #away() {
    this.#put([]);
    (this.body ?? this.subject).focus();
  }

  #look({ target, isIntersecting }) {
    const { card } = target;
    clearTimeout(target.clock);
    if (isIntersecting && !this.#seen.has(card.article)) target.clock = setTimeout(() => document.hidden || this.#seen.add(card.article) && this.service.log("shown", this.about(card)), ON_SCREEN);
  }

  // Beside the fields where nothing else stands, else under the form; over the page, so that nothing of it moves.
  #place() {
    if (!this.box || this.own) return;
    if (!this.form.isConnected) this.box.hidden = true;
    const on = !this.box.hidden;
    lift(this.box, on);
    if (on && !this.held) {
      const form = this.form.getBoundingClientRect();
      const areas = [...this.form.querySelectorAll("input, textarea, select, button")].map((field) => field.getBoundingClientRect()).filter(({ width }) => width);
      const [left, right] = [Math.min(...areas.map((area) => area.left)), Math.max(...areas.map((area) => area.right))];
      const room = document.documentElement.clientWidth;
      const top = Math.max(form.top, Math.min(GAP, form.bottom - 200));
      const free = (x) => x >= 0 && x + WIDTH <= room && [20, 120, 220].every((down) => [4, WIDTH - 4].every((across) => {
        const there = document.elementFromPoint(x + across, top + down);
        return !there || there === this.host || there.contains(this.form) || this.form.contains(there);
      }));
      const sides = [right + GAP, left - GAP - WIDTH];
      if (getComputedStyle(this.form).direction === "rtl") sides.reverse();
      const side = sides.find(free);
      const { style } = this.box;
      style.width = `${side === undefined ? Math.min(Math.max(right - left, 280), room - 16) : WIDTH}px`;
      style.left = `${scrollX + (side ?? Math.max(left, 8))}px`;
      style.top = `${scrollY + (side === undefined ? form.bottom + GAP : top)}px`;
    }
    lift(this.chip, on && this.cards.length > 0 && this.box.getBoundingClientRect().top > innerHeight - 40);
  }

  #attempted() {
    this.done = true;
    kept(this.draft, { ...kept(this.draft), " attempted": true });
    if (!this.service.episode) return;
    const email = this.#field("email", () => this.form.querySelector("[type=email]"))?.value || undefined;
    this.service.log("attempted", { email });
    this.service.flush(true);
  }

  #left() {
    if (!this.service.episode || this.done) return;
    this.service.log("left");
    this.service.flush(true);
  }

  #moved() {
    if (this.page === location.pathname) return;
    this.running?.abort();
    clearTimeout(this.clock);
    this.#left();
    this.#put([]);
    Object.assign(this, { page: location.pathname, last: "", done: false });
  }
}
