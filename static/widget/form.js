// A form with cards. They appear beside the owner's form, or below our own form in the panel.

import { card, h, press } from "./dom.js";
import { kept, restoreDraft, saveDraft } from "./draft.js";
import { Offers, settle } from "./offers.js";
import { lift, placeBeside } from "./place.js";
import { plural } from "./words.js";

const LEAST = 5; // characters
const NARROW = 640; // px: a phone, where cards come below the form
const LINES = "input:is(:not([type]), [type=text], [type=email], [type=tel], [type=url])";
const SUBJECT = /subject|topic|title|betreff|thema|asunto|tema|sujet|objet|oggetto|assunto|موضوع/i;
const SECRET = /^(cc-|one-time)/; // values of autocomplete
const REJECTED = "help-widget:not-this";

/** Return the contact form among some, if there is one: it has a text area, but no password and no search. */
function guess(forms) {
  const unfit = "[type=password], [type=search]";
  const fit = forms.filter((form) => form.querySelector("textarea") && !form.querySelector(unfit));
  return fit.find((form) => form.querySelector("[type=email]")) ?? fit[0];
}

export class Form {
  choose = settle;

  /** `own` is our form in the panel, with the panel's words; without it, the form is the owner's. */
  constructor(host, own, words) {
    const { service } = host;
    Object.assign(this, { host, own, words, service, selector: host.getAttribute("form"), page: location.pathname });
    this.offers = new Offers(service, this);
    this.offers.rejected = kept(REJECTED) ?? [];
    this.size = new ResizeObserver(() => this.#place());
    this.ready = this.#fetchWords();
    this.#listen();
    if (innerWidth < NARROW) import("./line.js").catch(() => {}); // needed with the first cards
  }

  async #fetchWords() {
    this.words ??= await this.service.words();
  }

  #listen() {
    const { host, own } = this;
    const on = (type, act, target = window) => {
      target?.addEventListener(type, act, { signal: host.life, capture: true, passive: true });
    };
    on("submit", ({ target }) => target === this.form && !own && this.#attempted());
    on("pagehide", () => this.#leave("left"));
    on("pageshow", ({ persisted }) => persisted && (this.done = false));
    host.life.addEventListener("abort", () => this.#end());
    on("navigatesuccess", () => this.#moved(), window.navigation);
    on("resize", () => this.#place());
    on("scroll", () => this.#place());
    on(host.getAttribute("success"), ({ target }) => {
      if (!target.closest || target.contains(this.form) || this.form?.contains(target)) this.sent();
    });
  }

  /** Handle a key: cheap, since everything else waits for a pause. `path` is the event's. */
  typed({ isComposing }, path) {
    if (path[0] !== this.field) {
      this.#moved();
      if (!this.#take(this.own ?? this.#formOf(path))) return;
      this.field = path[0];
    }
    this.fresh = true;
    if (!isComposing) this.offers.soon();
  }

  /** Look for a form in which something was typed before a reload. */
  restore() {
    const { own, selector } = this;
    this.#take(own ?? (selector ? document.querySelector(selector) : guess([...document.forms])));
  }

  /** Note that the message arrived: the page said so, its success event came, or our API accepted it. */
  sent(detail) {
    kept(this.draftKey, null);
    this.fresh = false;
    this.done = true;
    if (this.service.episode && !this.own) this.service.log("attempted", { accepted: true });
    this.service.say("sent", detail);
    this.offers.stop();
    this.offers.put([]);
  }

  get draftKey() {
    return `help-widget:draft ${this.page} ${this.own ? "" : this.selector}`;
  }

  // Finding the form and its fields. Fields are looked up each time, since frameworks replace them.

  #formOf(path) {
    if (path.includes(this.host)) return;
    if (this.selector) return path.find((node) => node.matches?.(this.selector));
    return guess(path.filter((node) => node.localName === "form"));
  }

  #take(form) {
    if (form && this.form !== form) {
      this.form = form;
      this.size.disconnect();
      this.size.observe(form);
      this.#refill();
    }
    return form;
  }

  #field(name, guessed, isLikely = () => true) {
    const selector = !this.own && this.host.getAttribute(name);
    const found = selector && (this.form.querySelector(selector) ?? document.querySelector(selector));
    if (selector && !found) {
      this.host.warn(`${name}="${selector}" matches nothing; leave it out to have it guessed`);
    }
    return found || [...this.form.querySelectorAll(guessed)].find(isLikely);
  }

  #fields() {
    const fields = [...this.form.querySelectorAll(`textarea, ${LINES}`)];
    const open = fields.filter(({ autocomplete }) => !SECRET.test(autocomplete));
    return open.map((field, index) => [field.name || index, field]);
  }

  #save(sent) {
    if (!this.fresh && !sent) return;
    this.fresh = false;
    saveDraft(this.draftKey, this.#fields(), { " sent": sent });
  }

  #refill() {
    const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
    if (isNew && kept(this.draftKey)?.[" sent"]) kept(this.draftKey, null);
    else restoreDraft(this.draftKey, this.#fields());
  }

  // The view of the offers.

  /** Return the question, or null if there is too little text or only the page's own script filled in the form. */
  read() {
    const { visitor, consent } = this.service;
    if (!visitor && consent !== "ask") return null;
    this.#save();
    this.body = this.#field("body", "textarea, [contenteditable]");
    const isSubject = ({ name, id, placeholder, labels }) => {
      return SUBJECT.test([name, id, placeholder, labels[0]?.textContent]);
    };
    const line = this.#field("subject", LINES, isSubject);
    const [subject, body] = [line, this.body].map((field) => (field?.value ?? field?.innerText ?? "").trim());
    const category = this.form.querySelector(this.host.getAttribute("category") || "[name=category]")?.value;
    if ((subject + body).length < LEAST) return null;
    return { subject: subject.slice(0, 300), body: body.slice(0, 8000), category };
  }

  started(episode) {
    this.service.episode = episode;
  }

  held() {
    return this.box?.matches(":hover, :focus-within");
  }

  /** Make the box for the cards, once. */
  prepare() {
    if (this.box) return;
    const { words } = this;
    this.list = h("ul");
    this.note = h("p", { class: "note" });
    this.said = h("p", { role: "status", class: "sr" });
    const close = press("×", () => this.#away(), "icon", words.close);
    const keydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#away();
    };
    const release = () => this.offers.release();
    const listeners = { keydown, focusout: release, pointerleave: release };
    const attributes = { part: "offers", "aria-label": words.offers, hidden: true, popover: !this.own && "manual" };
    const header = h("header", {}, h("h2", {}, words.offers), close);
    this.box = h("section", { ...attributes, ...listeners }, header, this.list, this.note);
    (this.own?.parentNode ?? this.host.root).append(this.box, this.said);
    setTimeout(() => this.host.part("Panel").catch(() => {}), 100); // a card may be opened later, without a connection
  }

  /** Show the cards, with a note under them. */
  draw(cards, note = "", ...undo) {
    if (!this.box) return [];
    const there = [...this.list.children];
    const found = cards.length ? plural(this.words.offered, cards.length, this.host.language) : "";
    const items = cards.map((hit) => there.find(({ card }) => card.url === hit.url) ?? this.#item(hit));
    this.list.replaceChildren(...items);
    this.note.replaceChildren(note, ...undo);
    setTimeout(() => (this.said.textContent = note || found), 100); // readers announce changes of known elements only
    this.box.hidden = !found && !note;
    this.#lead(note ? "" : found).catch(() => {});
    setTimeout(() => this.#place()); // a task of its own, before that in which the browser lays the cards out
    if (found && !note) this.service.say("offer", { articles: cards.map(({ article }) => article) });
    return items;
  }

  #item(hit) {
    const href = this.service.url(hit.url);
    const open = (elsewhere) => {
      this.service.log("follow", this.about(hit));
      const leave = () => window.open(href, "_blank", "noopener"); // the panel's files could not be fetched
      if (!elsewhere) this.host.article(hit.article, hit, this).catch(leave);
    };
    const no = press("×", () => this.reject(hit), "icon", `${this.words.not_this}: ${hit.title}`);
    return Object.assign(h("li", {}, card(hit, href, open), no), { card: hit });
  }

  // Answers to an offer, here or in the panel.

  about(hit) {
    return this.offers.about(hit);
  }

  solved(hit) {
    this.#answered("solved", hit, [], this.offers.rejected, this.words.glad);
    this.done = true;
  }

  reject(hit) {
    const rest = this.offers.cards.filter(({ article }) => article !== hit.article);
    this.#answered("not_this", hit, rest, [...this.offers.rejected, hit.article], this.words.hidden);
  }

  #answered(type, hit, rest, rejected, note) {
    const { cards, rejected: before } = this.offers;
    const undo = press(this.words.undo, () => {
      this.done = false;
      this.#change("undo", hit, cards, before);
    });
    this.#change(type, hit, rest, rejected, note, undo);
  }

  #change(type, hit, cards, rejected, ...note) {
    this.service.log(type, this.about(hit));
    this.offers.rejected = kept(REJECTED, rejected);
    this.offers.put(cards, ...note);
    this.box.querySelector(".note button, a")?.focus();
  }

  #away() {
    this.offers.waiting = null; // closed: an answer that waited must not open it again
    this.offers.put([]);
    (this.body ?? this.field).focus();
  }

  #place() {
    const { form, box } = this;
    if (!box || this.own) return;
    const on = !box.hidden && form.isConnected;
    if (on && !box.matches(":hover, :focus-within")) placeBeside(form, box, this.host);
    lift(box, on); // last: finding a place lays the page out, and a box already shown elsewhere would have shifted
    this.line?.place();
  }

  // The line about cards out of sight has its own file: where cards fit beside the form, it comes later.
  async #lead(text) {
    const { box, host } = this;
    const { Line } = await import("./line.js");
    this.line ??= new Line(box, box.parentNode, host.life);
    this.line.say(text);
  }

  // How the visit to the form ends.

  #attempted() {
    this.#save(true);
    this.service.email = this.#field("email", "[type=email]")?.value || undefined;
    this.#leave("attempted");
  }

  #leave(type) {
    this.#save();
    if (this.service.episode && !this.done) {
      this.service.log(type);
      this.service.flush(true); // the page may be going
    }
    this.done = true;
  }

  #end() {
    this.offers.stop();
    this.size.disconnect();
  }

  #moved() {
    if (this.page === location.pathname) return;
    this.offers.stop();
    this.#leave("left");
    this.offers.put([]);
    Object.assign(this, { page: location.pathname, done: false });
  }
}
