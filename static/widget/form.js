// A form with cards. They appear beside the owner's form, or below our own form in the panel.

import { card, h, press } from "./dom.js";
import { all, fieldsOf, isEditor, textOf, touch } from "./fields.js";
import { Offers, settle } from "./offers.js";
import { enter, leaveBar, lift, placeBeside, stopPresses } from "./place.js";
import { warm } from "./service.js";
import { kept } from "./storage.js";
import { plural } from "./words.js";

const LEAST = 5; // characters
const NARROW = 640; // px: a phone, where cards come below the form
const LINES = "input:is(:not([type]), [type=text], [type=email], [type=tel], [type=url])";
const LONG = /\b[a-z]{0,2}\d(?:[ ./-]?\d){7,}\w?\b|\b(?!0x)(?=(?:\w*\d){5})\w{9,}\b/gi; // no words: cards, ids, keys
const CODES = new RegExp( // named in a sentence
  "(?<=\\b(?:pin|tan|otp|cv[cv]2?|passwor[dt]|passcode)\\b[\\s:=.-]{0,3}(?:is |was |ist )?)(?=\\S*\\d)[^\\s,;]{3,}"
  + "|(?<=(?<!error )\\bcode[\\s:=-]{1,3}(?:\\w{1,4} )?)\\d{3}[ -]?\\d{3,5}\\b",
  "gi",
);
const REJECTED = "help-widget:not-this";

/** Return what tells this page from others of an application with a router. */
const address = () => location.pathname + (/^#!?\//.test(location.hash) ? location.hash : "");
const harmless = (text) => text.replace(LONG, "…").replace(CODES, "…");
const owners = new WeakMap(); // the element that works at a form

export class Form {
  choose = settle;

  /** `own` is our form in the panel, with the panel's words; without it, the form is the owner's. */
  constructor(host, own, words) {
    const { service } = host;
    Object.assign(this, { host, own, words, service, selector: host.selector, page: address() });
    this.touched = new WeakSet(); // fields in which the visitor typed
    this.offers = new Offers(service, this);
    this.offers.rejected = kept(REJECTED) ?? [];
    this.size = new ResizeObserver(() => this.#place());
    this.ready = this.#fetchWords();
    this.#listen();
    if (innerWidth < NARROW) import("./line.js").catch(() => {}); // needed with the first cards
  }

  async #fetchWords() {
    const { own, selector, host } = this;
    const known = own || /^en/.test(host.language) || this.#learn();
    if (!own && !selector) this.guessing = await import("./contact-forms.js");
    this.words ??= await this.service.words();
    await known;
  }

  // The names of fields in other languages than English.
  #learn() {
    return (this.learned ??= import("./world-words.js").catch(() => {}));
  }

  #listen() {
    const { host, own } = this;
    const on = (type, act, target = window) => {
      target?.addEventListener(type, act, { signal: host.life, capture: true, passive: true });
    };
    on("pagehide", () => {
      this.keep?.sending.leaving();
      this.#leave("left");
    });
    on("pageshow", ({ persisted }) => persisted && (this.over = this.done = false));
    host.life.addEventListener("abort", () => this.#end());
    on("navigatesuccess", () => this.#moved(), window.navigation);
    on("resize", () => this.#place());
    on("scroll", () => this.#place());
    on(host.getAttribute("success"), ({ target }) => {
      if (!target.closest || target.contains(this.form) || this.form?.contains(target)) this.sent();
    });
  }

  /** Handle a key: cheap, since everything else waits for a pause. `path` is the event's. */
  typed({ type, isComposing, isTrusted }, path) {
    if (type === "beforeinput" && !path[0].isContentEditable) return; // CKEditor has no "input" after it
    if (isTrusted) this.touched.add(path[0]);
    if (this.over && isTrusted) Object.assign(this, { over: false, done: false, anew: true });
    this.keep?.sending.edited();
    if (path[0] !== this.field) {
      this.#moved();
      if (path[0] === this.unfit) return;
      if (!this.#take(this.own ?? this.#formOf(path))) return this.#pass(isComposing, path);
      this.field = path[0];
      path.slice(0, 3).forEach(touch); // the third is an editor's frame
      if (path[0].isContentEditable) import("./editors.js").then(({ textIn }) => (this.textIn = textIn), () => {});
    }
    this.fresh = true;
    warm(this.service.base);
    if (!isComposing) this.offers.soon();
  }

  /** Look for a form in which something was typed before a reload. */
  restore() {
    const { own, selector } = this;
    const form = own ?? (selector ? all(document, selector)[0] : this.guessing.guess([...document.forms]));
    if (this.#take(form)) this.#keeping();
  }

  /** Note that the message arrived: the page said so, its success event came, or our API accepted it. */
  sent(detail) {
    this.keep?.sending.stop();
    this.#finish(true, detail);
  }

  // What keep.js and sending.js need.

  /** Note that the page let a sending through; `accepted` if it said that the message arrived. */
  attempted(accepted, isNative) {
    if (this.own) return;
    this.service.email = (this.#named("email") ?? all(this.form, "[type=email]")[0])?.value || this.service.email;
    if (!isNative) return this.#finish(accepted);
    this.keep.save(true); // it may come back with the server's errors
    this.#log(accepted);
  }

  /** Return the fields of which a draft is kept. */
  fields() {
    return this.form ? [...this.form.querySelectorAll(`textarea, ${LINES}`)] : [];
  }

  /** Return all that the visitor wrote. */
  text() {
    const typed = this.fields().filter((field) => this.touched.has(field) || field.localName === "textarea");
    const texts = typed.map(({ value }) => value);
    if (this.body && isEditor(this.body)) texts.push(this.#textOf(this.body));
    return texts.join("\n").trim();
  }

  /** Return true while the form is on the page, also as the new node of a framework. */
  again() {
    if (this.form.isConnected) return true;
    const [form] = this.selector ? all(document, this.selector) : [];
    if (form) this.#watch(form); // its fields tell the rest
    return form;
  }

  /** Return true while any of the form is seen. */
  get isSeen() {
    return [this.form, ...this.form.children].some((node) => node.getClientRects().length);
  }

  /** Return true unless a router has left the page. */
  get isHere() {
    return this.page === address();
  }

  forgotten() {
    this.closed = null;
    this.fresh = false;
    this.offers.stop();
    this.offers.put([]);
  }

  #finish(accepted, detail) {
    this.#log(accepted);
    this.keep?.forget();
    this.forgotten();
    if (accepted) this.service.say("sent", detail);
  }

  #log(accepted) {
    if (this.service.episode && !this.own && !this.over) {
      this.service.log("attempted", accepted && { accepted });
      this.service.flush(true); // the page may be going
    }
    this.over = this.done = true;
  }

  // Finding the form and its fields. Fields are looked up each time, since frameworks replace them.

  #formOf(path) {
    if (path.includes(this.host)) return;
    const { selector } = this;
    if (!selector) return this.guessing.contactForm(path);
    return [...path, path[0].form].find((node) => node?.matches?.(selector));
  }

  // Nothing is offered in this field, unless it is named in another language. Say why, if that may surprise the owner.
  async #pass(isComposing, path) {
    this.unfit = path[0];
    if (path.includes(this.host)) return;
    if (!this.learned && !this.selector) {
      await this.#learn();
      this.unfit = null;
      return this.typed({ isComposing }, path);
    }
    import("./advice.js").then(({ unfit }) => unfit(this.host, path), () => {});
  }

  #take(form) {
    const owner = owners.get(form) ?? this.host;
    if (owner !== this.host && owner.isConnected) return; // named by one line, guessed by another
    if (form) owners.set(form, this.host);
    if (form && this.form !== form) {
      this.#watch(form);
      if (!this.own && fieldsOf(form).sure < 2) this.#learn().then(() => this.offers.soon());
      this.keep?.refill();
    }
    return form;
  }

  #watch(form) {
    this.form = form;
    this.size.disconnect();
    this.size.observe(form);
  }

  /** Return the field that the owner named by a selector, which may be in an open shadow root, or undefined. */
  #named(name) {
    const selector = !this.own && this.host.getAttribute(name);
    if (!selector) return;
    try {
      const [found] = [this.form, document].map((root) => all(root, selector)[0]).filter(Boolean);
      if (found) return found;
    } catch {}
    this.host.warn(`${name}="${selector}" matches nothing; leave it out to have it guessed`);
  }

  #keeping() {
    this.begun ??= import("./keep.js").then(({ Keep }) => { // after the first question: no offer waits for it
      if (this.host.life.aborted) return;
      this.keep = new Keep(this);
      this.keep.refill();
      this.#save();
    }).catch(() => (this.begun = null)); // the next pause tries again
  }

  #save() {
    if (!this.fresh || !this.keep) return;
    this.fresh = false;
    this.keep.save();
  }

  // The view of the offers.

  /** Return the question, or null if there is too little text or only the page's own script filled in the form. */
  read() {
    const { visitor, consent } = this.service;
    if ((!visitor && consent !== "ask") || !this.#isThere()) return null;
    this.#save();
    setTimeout(() => this.#keeping()); // after the question
    const [subject, body] = this.#texts();
    if (!this.body) this.host.warn('no field looks like the message; name it with body="[name=…]"');
    const category = (this.#named("category") ?? this.form.querySelector("[name=category]"))?.value;
    if (!subject && !body) this.offers.put([]);
    const isSame = this.#isClosed(`${subject} ${body}`);
    if ((subject + body).length < LEAST || isSame) return null;
    const [title, text] = [subject.slice(0, 300), body.slice(0, 8000)].map(harmless);
    return { subject: title, body: text, category, ...(this.anew && { episode: undefined }) };
  }

  // Closed means closed for this question: until it was emptied, or less than half of it is left.
  #isClosed(text) {
    const pieces = [...(this.closed ?? "")].slice(3).map((_, at) => this.closed.slice(at, at + 4));
    const left = pieces.filter((piece) => text.includes(piece)).length;
    if (left * 2 < pieces.length || text.trim().length < LEAST) this.closed = null;
    return this.closed;
  }

  // Return the subject and the message that the visitor wrote.
  #texts() {
    const guessed = fieldsOf(this.form, this.field);
    this.body = this.#named("body") ?? guessed.body;
    const line = this.#named("subject") ?? guessed.subject;
    return [line, this.body].map((field) => (field ? this.#textOf(field) : "").trim());
  }

  // A removed frame takes its form along, which is then still connected.
  #isThere() {
    return this.form.isConnected && this.form.ownerDocument.defaultView !== null;
  }

  #textOf(field) {
    return this.textIn && isEditor(field) ? this.textIn(field) : textOf(field);
  }

  started(episode) {
    this.service.episode = episode;
    this.anew = false;
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
      event.preventDefault(); // the owner's dialog stays open
      this.#away();
    };
    const release = () => this.offers.release();
    const listeners = { keydown, focusout: release, pointerleave: release };
    const attributes = { part: "offers", "aria-label": words.offers, hidden: true, popover: !this.own && "manual" };
    const header = h("header", {}, h("h2", {}, words.offers), close);
    this.box = h("section", { ...attributes, ...listeners }, header, this.list, this.note);
    this.undo = press(words.undo, () => this.#reopen(), "sr-focus");
    this.undo.hidden = true;
    if (!this.own) stopPresses(this.host.root);
    (this.own?.parentNode ?? this.host.root).append(this.box, this.undo, this.said);
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
    this.shown = Boolean(found || note);
    this.box.hidden = !this.shown;
    this.undo.hidden ||= this.shown;
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
    this.offers.stop();
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
    const { cards } = this.offers;
    if (cards.length) {
      this.closed = this.#texts().join(" ").trim().slice(0, 300);
      this.back = cards;
      this.fresh = true;
      this.#save();
    }
    this.offers.stop(); // closed: an answer that waited or comes late must not open it again
    this.offers.put([]);
    this.undo.hidden = !cards.length;
    (this.body ?? this.field).focus();
  }

  // Undo the closing: the next stop of the keyboard after the form.
  #reopen() {
    this.closed = null;
    this.offers.put(this.back);
    setTimeout(() => this.box.querySelector("a")?.focus()); // once the box is in its place
  }

  #place() {
    const { form, box } = this;
    if (!box || this.own) return;
    const on = this.shown && this.#isThere() && this.isSeen;
    if (!on && this.host.carrier) Object.assign(this.host.carrier, { shown: false }).stop();
    if (on) enter(form, this.host, [box, this.undo, this.said, this.line?.chip].filter(Boolean));
    if (this.line) this.line.root = box.parentNode;
    if (on && !box.matches(":hover, :focus-within")) placeBeside(form, box);
    lift(box, on); // last: finding a place lays the page out, and a box already shown elsewhere would have shifted
    if (on) leaveBar(form, box);
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
    if (this.isHere) return;
    this.offers.stop();
    this.#leave("left");
    this.offers.put([]);
    Object.assign(this, { page: address(), done: false, closed: null, field: null });
  }
}
