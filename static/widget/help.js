// Everything behind the loader: words, the API, the look, the form with its cards, the panel.
// One file, fetched when somebody types or reaches for the button: apart, its parts would weigh 1 KB more.

// Words and the API -------------------------------------------------------------------------------------------------

const english = {
  help: "Help",
  close: "Close",
  back: "Back",
  offers: "This may answer it",
  offered: "Answers found: {n}",
  asked: "Does this solve it?",
  solved: "This solved it",
  not_this: "Not this",
  glad: "Good. Nothing was sent, and your text is still there.",
  hidden: "We will not show that here again.",
  undo: "Undo",
  thanks: "Thank you.",
  page: "Open in a new tab",
  query: "Search for an answer",
  search: "Search",
  none: "Nothing was found. Try other words, or write to us.",
  here: "About this page",
  write: "Write to us",
  chat: "Chat",
  subject: "Subject",
  body: "Message",
  email: "E-mail address",
  name: "Name (optional)",
  send: "Send",
  sent: "Your message has arrived",
  number: "Its number is {ticket}. The answer comes by e-mail.",
  loading: "Loading…",
  down: "This does not work at the moment. Your text is kept; try again.",
  busy: "That was too often. Your text is kept; try again in a minute.",
  refused: "This was not accepted. Your text is kept.",
};

/** A random UUID; pages without TLS have no crypto.randomUUID, but every blob's address ends in one. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const url = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(url);
  return url.slice(-36);
}

/** Read or write storage, which may be full or forbidden; null forgets. Nothing is written before the visitor acts. */
function kept(name, value, area = "sessionStorage") {
  try {
    name = `help-widget:${name}`;
    if (value === undefined) return JSON.parse(window[area][name] ?? null);
    if (value === null) delete window[area][name];
    else window[area][name] = JSON.stringify(value);
  } catch {}
  return value;
}

/** An element; text is always text. */
function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value || value === 0) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** A button that submits nothing. */
const press = (text, click, style, label) => h("button", { type: "button", class: style, "aria-label": label, title: label, click }, text);

/** A hit as one link: title, section, and the sentence that answers. */
function link(hit, open) {
  const words = hit.snippet.map(({ text, mark }) => (mark ? h("mark", {}, text) : text));
  const click = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return open(true);
    event.preventDefault();
    open();
  };
  return h("a", { part: "card", href: hit.url, target: "_blank", rel: "noopener", lang: hit.lang, dir: "auto", click }, h("b", {}, hit.title), h("small", {}, hit.heading), h("span", {}, ...words));
}

/** Show or hide an element above everything else, whatever z-index the page uses. */
function lift(element, on) {
  element.hidden = !on;
  if (element.showPopover && element.matches(":popover-open") !== on) element.togglePopover(on);
}

export class Service {
  #events = [];
  #lost = 0;
  #told = new Set();

  constructor(host) {
    const { life: signal, shadowRoot: { adoptedStyleSheets } } = host;
    this.host = host;
    if (!adoptedStyleSheets.includes(sheet)) adoptedStyleSheets.push(sheet);
    addEventListener("pagehide", () => this.flush(true), { signal });
    document.addEventListener("securitypolicyviolation", (event) => this.#forbidden(event), { signal });
  }

  url(path) {
    return new URL(path, this.host.base);
  }

  /** One line for the owner of the page, once; visitors see nothing. */
  tell(line) {
    if (!this.#told.has(line)) console.warn(`help-widget: ${line}`);
    this.#told.add(line);
  }

  /** The words in the visitor's language; English where there is no catalogue. */
  async words() {
    const lang = this.host.language.slice(0, 2);
    const own = this.host.getAttribute("words");
    if (lang === "en" && !own) return english;
    try {
      const answer = await fetch(own ? new URL(own, document.baseURI) : new URL(`words/${lang}.json`, import.meta.url));
      return { ...english, ...(await answer.json()) };
    } catch {
      this.tell(`there are no words for lang="${lang}"; words="address" brings your own`);
      return english;
    }
  }

  /** A random id, made when the visitor first acts (not the page's script) and kept for 30 days; never a cookie. */
  get visitor() {
    if (this.consent === "ask") return;
    this.known ??= kept("visitor", undefined, "localStorage");
    if (!(this.known?.until > Date.now())) this.known = navigator.userActivation?.hasBeenActive === false ? null : kept("visitor", { id: uuid(), until: Date.now() + 2.592e9 }, "localStorage");
    return this.known?.id;
  }

  /** Whether the visitor is still to be asked ("ask"), or has agreed to be noted ("given"). */
  get consent() {
    return this.host.getAttribute("consent") ?? undefined;
  }

  /** What the owner's server signed about the visitor. */
  get token() {
    return this.host.getAttribute("token") ?? undefined;
  }

  /** What goes along with offers and tickets. */
  get context() {
    const { visitor, consent, episode, host } = this;
    return { visitor, consent, episode, page: location.origin + location.pathname, title: document.title.slice(0, 200), lang: host.language };
  }

  /** Ask the API; throws an error, whose `word` may name the sentence for the visitor. */
  async call(path, options = {}) {
    const { body, headers, signal, patience = 15000, ...query } = options;
    const { token } = this;
    const url = this.url(`api/v1/${path}`);
    url.search = new URLSearchParams(query);
    const limits = [AbortSignal.timeout(patience), ...(signal ? [signal] : [])];
    const post = body && { method: "POST", body: JSON.stringify(body) };
    const all = { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }), ...headers };
    const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.any(limits), headers: all, ...post }).catch((error) => {
      if (error instanceof TypeError) this.#refused(path);
      throw error;
    });
    if (answer.ok) return answer.json();
    if (answer.status === 401 && token) {
      this.host.removeAttribute("token"); // run out, perhaps: go on as anybody, until the page has a fresh one
      this.tell("the token was refused; set a fresh one when help-token tells so");
      this.say("token");
      return this.call(path, options);
    }
    throw { word: answer.status === 429 ? "busy" : answer.status < 500 ? "refused" : "down" };
  }

  /** Log what the visitor did, soon and without waiting; the page hears of it as a bubbling event. */
  log(type, fields = {}) {
    setTimeout(() => this.flush());
    this.#events.push({ id: uuid(), type, at: new Date().toISOString(), episode: this.episode, ...fields });
    this.say(type, fields);
  }

  say(type, detail) {
    this.host.dispatchEvent(new CustomEvent(`help-${type.replace("_", "-")}`, { bubbles: true, composed: true, detail }));
  }

  // Plain text needs no preflight and outlives the page. A lost event goes with the next; its id keeps it from counting twice.
  async flush(leaving) {
    const events = this.#events.splice(0);
    const { visitor, consent, email, token } = this;
    if (!events.length || !visitor) return; // nothing is noted of somebody who did nothing, or has not agreed
    const url = this.url("api/v1/events");
    const body = JSON.stringify({ visitor, consent, email, token, events });
    try {
      if (leaving) navigator.sendBeacon(url, body);
      else await fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" });
    } catch {
      this.#refused("events");
      if (this.#lost++ < 9) this.#events.unshift(...events);
    }
  }

  #refused(path) {
    this.tell(`no answer from ${this.url(path)}: is it up, and is ${location.origin} in its KB_ORIGINS (press Allow in ${this.url("admin/")})?`);
  }

  #forbidden({ effectiveDirective, blockedURI }) {
    const { origin } = this.url("");
    if (blockedURI.startsWith(origin)) this.tell(`add ${origin} to ${effectiveDirective} of this page's Content-Security-Policy`);
  }
}

// The look ----------------------------------------------------------------------------------------------------------

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
#root { --bg: var(--help-background, light-dark(#fff, #18221d)); --ink: var(--help-text, light-dark(#15211c, #e6ede9)); --soft: light-dark(#53625b, #a3b3ab);
  --line: light-dark(#dfe6e2, #2f3e37); --edge: light-dark(#7d8a84, #7f8f87); --wash: light-dark(#f0f5f2, #202c26); --round: var(--help-radius, 12px); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: -2px; }
[part=offers], [part=panel] { margin: 0; padding: 0; border: 1px solid var(--line); border-radius: var(--round); background: var(--bg); color: var(--ink); overflow-wrap: anywhere; box-shadow: 0 6px 20px #0003; }
[part=offers][popover] { position: absolute; inset: auto; overflow: visible; }
header { display: flex; align-items: center; gap: 8px; padding: 6px 8px 6px 16px; border-bottom: 1px solid var(--line); }
[dir=rtl] header { padding: 6px 16px 6px 8px; }
h2 { flex: 1; margin: 0; font-size: 1.0625em; line-height: 1.3; outline: none; }
ul { margin: 0; padding: 0; list-style: none; }
li { display: flex; border-bottom: 1px solid var(--line); }
a { color: var(--accent); }
[part=card] { flex: 1; min-width: 0; padding: 12px 16px; color: inherit; text-decoration: none; }
[part=card]:hover { background: var(--wash); }
[part=card] > * { display: block; }
[part=card] b { color: var(--accent); font-weight: 600; line-height: 1.35; }
small { flex: 1 100%; color: var(--soft); font-size: .8125em; }
[part=card] span { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 3; margin-top: 2px; font-size: .875em; }
mark { background: light-dark(#ffe9a3, #5c4a0a); color: inherit; }
button, [part=way] { min-height: 44px; padding: 8px 16px; border: 1px solid var(--edge); border-radius: 10px; background: var(--bg); color: inherit; font: inherit; font-weight: 500; cursor: pointer; }
.icon { flex: none; width: 40px; min-height: 40px; margin: 4px; margin-inline-start: -8px; padding: 0; border: 0; background: none; color: var(--soft); font-size: 22px; line-height: 1; }
button:hover { background: var(--wash); }
.main, .main:hover, [part=chip] { border-color: transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; }
[part=chip] { position: fixed; inset: auto 12px 12px; margin: 0 auto; border-radius: 99px; }
.note { display: flex; align-items: center; gap: 12px; margin: 0; padding: 12px 16px; }
footer:empty, .note:empty, [role=alert]:empty { display: none; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[part=panel] { position: fixed; inset: 12px 12px 12px auto; width: min(var(--help-width, 420px), 100vw - 24px); max-width: none; height: auto; max-height: none; flex-direction: column; }
[dir=rtl] [part=panel] { inset: 12px auto 12px 12px; }
[part=panel]:is([open], :popover-open) { display: flex; }
[part=body] { flex: 1; padding: 16px; overflow: auto; overscroll-behavior: contain; }
[part=body] > ul { margin: 0 -16px; }
[part=body] [part=offers] { margin-top: 16px; box-shadow: none; }
h3 { margin: 20px 0 4px; color: var(--soft); font-size: .875em; }
footer { display: flex; flex-wrap: wrap; gap: 8px; padding: 12px 16px; border-top: 1px solid var(--line); }
footer p { flex: 1 100%; margin: 0; font-weight: 600; }
label { display: block; margin-bottom: 12px; font-weight: 500; }
input, textarea { display: block; width: 100%; min-height: 44px; margin-top: 4px; padding: 8px 12px; border: 1px solid var(--edge); border-radius: 10px; background: var(--bg); color: inherit; font: inherit; font-size: max(16px, 1em); resize: vertical; }
[role=search] { display: flex; align-items: end; gap: 8px; }
[role=search] label { flex: 1; margin: 0; }
[role=alert] { color: light-dark(#b3261e, #ff9d94); }
.article :is(h1, h2, h3, h4) { margin: 1.2em 0 .4em; color: inherit; font-size: 1.1em; line-height: 1.3; }
.article > :first-child { margin-top: 0; }
.article :is(h1, h2, h3, h4) a { color: inherit; text-decoration: none; }
.article img { max-width: 100%; height: auto; }
.article :is(pre, table) { display: block; overflow: auto; padding: 8px; background: var(--wash); }
.article :is(td, th) { padding: 4px 8px; text-align: start; vertical-align: top; }
.article :is(ul, ol) { padding-inline-start: 1.4em; list-style: revert; }
.article li { display: list-item; border: 0; }
@media (max-width: 639px) { #root [part=panel] { inset: 0; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } }
@media (forced-colors: active) { mark { background: Highlight; color: HighlightText; forced-color-adjust: none; } button { border: 1px solid !important; } }
`);


// The form ----------------------------------------------------------------------------------------------------------

const PAUSE = 300;
const PATIENCE = 400; // ms; a later answer would pop up at somebody who has gone on
const AGAIN = 1000; // ms until a late or failed question is asked once more
const ON_SCREEN = 800; // ms until a card counts as shown
const CLEARLY = 0.1; // of a probability: what a new card must be better by to take a place
const WIDTH = 320;
const GAP = 12;
const LINES = "input:is(:not([type]), [type=text], [type=email], [type=tel], [type=url])";
const SUBJECT = /subject|topic|title|betreff|thema|asunto|tema|sujet|objet|oggetto|assunto|موضوع/i;

/** The form in which visitors write to people, or nothing: it has a text area, no password, no search. */
function guess(forms) {
  const fit = forms.filter((form) => form.querySelector("textarea") && !form.querySelector("[type=password], [type=search]"));
  return fit.find((form) => form.querySelector("[type=email]")) ?? fit[0];
}

/** The cards to show next: those there stay in place, unless missing twice or clearly beaten. */
export function settle(shown, fresh) {
  const find = (cards, { article }) => cards.find((card) => card.article === article);
  const slots = shown.map((card) => {
    const again = find(fresh, card);
    return { ...card, score: again ? again.score : card.score - CLEARLY, missed: again ? 0 : (card.missed ?? 0) + 1 };
  }).filter(({ missed }) => missed < 2);
  for (const card of fresh) {
    if (find(slots, card)) continue;
    const weakest = slots.reduce((a, b) => (b.score < a.score ? b : a), card);
    if (slots.length < 3) slots.push(card);
    else if (card.score > weakest.score + CLEARLY) slots[slots.indexOf(weakest)] = card;
  }
  return slots;
}

export class Form {
  cards = [];
  #not = kept("not-this") ?? [];
  #seen = new Set();

  /** `own` is our form in the panel, which the cards follow; without it they stand over the page beside the owner's. */
  constructor(host, own) {
    Object.assign(this, { host, own, service: host.service, selector: host.getAttribute("form"), page: location.pathname });
    const on = (type, act, target = window) => target?.addEventListener(type, act, { signal: host.life, capture: true, passive: true });
    on("submit", ({ target }) => target === this.form && !own && this.#attempted());
    on("pagehide", () => this.#leave("left"));
    this.size = new ResizeObserver(() => this.#place());
    on("navigatesuccess", () => this.#moved(), window.navigation);
    on("resize", () => this.#place());
    on("scroll", () => this.#place());
    on(host.getAttribute("success"), ({ target }) => (!target.closest || target.contains(this.form) || this.form?.contains(target)) && this.sent());
  }

  // A keystroke costs next to nothing: what it changed is looked at when the hand rests.
  typed({ isComposing }, path) {
    if (path[0] !== this.field) {
      const { own, selector } = this;
      this.#moved();
      if (!this.#take(own ?? (!path.includes(this.host) && (selector ? path.find((node) => node.matches?.(selector)) : guess(path.filter((node) => node.localName === "form")))))) return;
      this.field = path[0];
    }
    this.fresh = true;
    if (!isComposing) this.#soon(PAUSE);
  }

  /** Look for a form in which something was typed before a reload. */
  restore() {
    this.#take(this.own ?? (this.selector ? document.querySelector(this.selector) : guess([...document.forms])));
  }

  /** The message has arrived: by the page's own word, its success event, or our API's answer. */
  sent(detail) {
    kept(this.draft, null);
    this.fresh = false;
    this.done = true;
    if (this.service.episode && !this.own) this.service.log("attempted", { accepted: true });
    this.service.say("sent", detail);
    this.#put([]);
  }

  get draft() {
    return `draft ${this.page} ${this.own ? "" : this.selector}`;
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

  #save(sent) {
    if (!this.fresh && !sent) return;
    this.fresh = false;
    kept(this.draft, { ...Object.fromEntries(this.#fields().map(([name, { value }]) => [name, value])), " sent": sent });
  }

  #field(name, guessed, likely = () => true) {
    const selector = !this.own && this.host.getAttribute(name);
    const found = selector && (this.form.querySelector(selector) ?? document.querySelector(selector));
    if (selector && !found) this.service.tell(`${name}="${selector}" matches nothing; leave it out to have it guessed`);
    return found || [...this.form.querySelectorAll(guessed)].find(likely);
  }

  #fields() {
    const fields = [...this.form.querySelectorAll(`textarea, ${LINES}`)].filter(({ autocomplete }) => !/^(cc-|one-time)/.test(autocomplete));
    return fields.map((field, index) => [field.name || index, field]);
  }

  #refill() {
    const draft = kept(this.draft) ?? {};
    if (draft[" sent"] && performance.getEntriesByType("navigation")[0]?.type === "navigate") return kept(this.draft, null);
    for (const [name, field] of this.#fields()) {
      if (field.value || !draft[name]) continue;
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, draft[name]); // React replaces the setter
      field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    }
  }

  #soon(wait, again) {
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.#ask(again), wait);
  }

  // Fields are looked up each time, since frameworks put new ones in the place of old.
  async #ask(again) {
    const { visitor, consent } = this.service;
    if (!visitor && consent !== "ask") return; // filled in by the page's own script
    this.#save();
    this.body = this.#field("body", "textarea, [contenteditable]");
    const line = this.#field("subject", LINES, ({ name, id, placeholder, labels }) => SUBJECT.test([name, id, placeholder, labels[0]?.textContent]));
    const [subject, body] = [line, this.body].map((field) => (field?.value ?? field?.innerText ?? "").trim());
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
      if (cards.length) await this.#build();
      this.show(cards);
    } catch {
      if (!signal.aborted && !again) this.#soon(AGAIN, true);
    }
  }

  async #build() {
    if (this.box) return;
    const words = (this.words = await this.service.words());
    this.list = h("ul");
    this.note = h("p", { class: "note" });
    this.said = h("p", { role: "status", class: "sr" });
    const keydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#away();
    };
    const focusout = () => setTimeout(() => this.waiting && this.show(this.waiting));
    this.box = h("section", { part: "offers", "aria-label": words.offers, hidden: true, popover: !this.own && "manual", keydown, focusout, pointerleave: focusout }, h("header", {}, h("h2", {}, words.offers), press("×", () => this.#away(), "icon", words.close)), this.list, this.note);
    this.chip = press("", () => this.box.scrollIntoView({ block: "nearest" }));
    Object.assign(this.chip, { part: "chip", hidden: true, popover: "manual" });
    this.eye = new IntersectionObserver((entries) => entries.forEach((entry) => this.#look(entry)), { threshold: 0.5 });
    (this.own?.parentNode ?? this.host.root).append(this.box, this.chip, this.said);
  }

  /** A card under the pointer or focus never moves or changes; what came meanwhile waits. */
  show(fresh) {
    const held = this.box?.matches(":hover, :focus-within");
    this.waiting = held && fresh;
    if (!held) this.#put(settle(this.cards, fresh.filter(({ article }) => !this.#not.includes(article))));
  }

  #put(cards, note = "", ...undo) {
    const urls = (list) => list.map(({ url }) => url).join();
    const same = !note && urls(cards) === urls(this.cards);
    this.cards = cards;
    if (same || !this.box) return;
    const there = [...this.list.children];
    const found = cards.length ? this.words.offered.replace("{n}", cards.length) : "";
    this.list.replaceChildren(...cards.map((card) => there.find((item) => item.card.url === card.url) ?? this.#item(card)));
    this.note.replaceChildren(note, ...undo);
    setTimeout(() => (this.said.textContent = note || found), 100); // a reader hears changes only of what it knows
    this.chip.textContent = found;
    this.eye.disconnect();
    for (const item of this.list.children) this.eye.observe(item);
    this.box.hidden = !found && !note;
    setTimeout(() => this.#place()); // a task of its own, before that in which the browser lays the cards out
    if (found && !note) this.service.say("offer", { articles: cards.map(({ article }) => article) });
  }

  #item(card) {
    const open = (elsewhere) => {
      this.service.log("follow", this.about(card));
      if (!elsewhere) this.host.article(card.article, card, this);
    };
    const no = press("×", () => this.reject(card), "icon", `${this.words.not_this}: ${card.title}`);
    return Object.assign(h("li", {}, link(card, open), no), { card });
  }

  about({ article, revision }) {
    return { article, revision, source: "offer", rank: this.cards.findIndex((card) => card.article === article) + 1 || undefined };
  }

  solved(card) {
    this.#answered("solved", card, "glad");
    this.done = true;
  }

  reject(card) {
    this.#answered("not_this", card, "hidden", this.cards.filter(({ article }) => article !== card.article));
  }

  #answered(type, card, word, rest = []) {
    const [before, not] = [this.cards, this.#not];
    const say = (event, cards, hidden, ...note) => {
      this.service.log(event, this.about(card));
      kept("not-this", (this.#not = hidden));
      this.#put(cards, ...note);
      this.box.querySelector(".note button, a")?.focus();
    };
    const undo = press(this.words.undo, () => {
      this.done = false;
      say("undo", before, not);
    });
    say(type, rest, type === "solved" ? not : [...not, card.article], this.words[word], undo);
  }

  #away() {
    this.#put([]);
    (this.body ?? this.field).focus();
  }

  #look({ target, isIntersecting }) {
    const { card } = target;
    clearTimeout(target.clock);
    if (!isIntersecting || this.#seen.has(card.article)) return;
    target.clock = setTimeout(() => {
      if (document.hidden) return;
      this.#seen.add(card.article);
      this.service.log("shown", this.about(card));
    }, ON_SCREEN);
  }

  // Beside the fields where nothing else stands, else under the form; over the page, so that nothing of it moves.
  #place() {
    const { form, box, chip } = this;
    if (!box || this.own) return;
    const on = !box.hidden && form.isConnected;
    if (on && !box.matches(":hover, :focus-within")) {
      const room = document.documentElement.clientWidth;
      const { top, bottom } = form.getBoundingClientRect();
      const areas = [...form.querySelectorAll("input, textarea, select, button")].map((field) => field.getBoundingClientRect()).filter(({ width }) => width);
      const left = Math.min(...areas.map((area) => area.left));
      const right = Math.max(...areas.map((area) => area.right));
      const high = Math.max(top, Math.min(GAP, bottom - 200));
      const free = (x) => x >= 0 && x + WIDTH <= room && [20, 220].every((down) => [4, WIDTH - 4].every((across) => {
        const there = document.elementFromPoint(x + across, high + down);
        return !there || there === this.host || there.contains(form) || form.contains(there);
      }));
      const sides = [right + GAP, left - GAP - WIDTH];
      const side = (getComputedStyle(form).direction === "rtl" ? sides.reverse() : sides).find(free);
      const under = side === undefined;
      const px = (name, value) => (box.style[name] = `${value}px`);
      px("width", under ? Math.min(Math.max(right - left, 280), room - 16) : WIDTH);
      px("left", scrollX + (under ? Math.max(left, 8) : side));
      px("top", scrollY + (under ? bottom + GAP : high));
    }
    lift(box, on); // last: looking for room lays the page out, and what stood elsewhere then would have shifted
    requestAnimationFrame(() => lift(chip, on && chip.textContent && box.getBoundingClientRect().top > innerHeight - 40));
  }

  #attempted() {
    this.#save(true);
    this.service.email = this.#field("email", "[type=email]")?.value || undefined;
    this.#leave("attempted");
  }

  // The last word of this visit to the form, while the page may be going.
  #leave(type) {
    this.#save();
    if (this.service.episode && !this.done) {
      this.service.log(type);
      this.service.flush(true);
    }
    this.done = true;
  }

  #moved() {
    if (this.page === location.pathname) return;
    this.running?.abort();
    clearTimeout(this.clock);
    this.#leave("left");
    this.#put([]);
    Object.assign(this, { page: location.pathname, last: "", done: false });
  }
}

// The panel ---------------------------------------------------------------------------------------------------------

const TYPING = 150; // ms
const READ = 20; // seconds
let policy;

export class Panel {
  #trail = [];

  constructor(host) {
    Object.assign(this, { host, service: host.service, mode: host.getAttribute("mode") });
    this.ready = this.#build();
  }

  async #build() {
    const words = (this.words = await this.service.words());
    this.title = h("h2", { id: "title", tabindex: -1 });
    this.back = press("‹", () => this.#view(this.#trail.pop()), "icon", words.back);
    this.body = h("div", { part: "body", tabindex: 0 });
    this.foot = h("footer");
    this.said = h("p", { role: "status", class: "sr" });
    const keydown = (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.close();
    };
    this.box = h("dialog", { part: "panel", "aria-labelledby": "title", keydown, click: (event) => this.#jump(event) }, h("header", {}, this.back, this.title, press("×", () => this.close(), "icon", words.close)), this.body, this.foot, this.said);
    this.host.root.append(this.box);
  }

  /** Open where the visitor was last, or at "contact". */
  async open(start) {
    if (!this.now || start === "home") this.#view(this.#home());
    if (start === "contact" || (this.mode === "ask-first" && !this.form)) this.#contact();
    this.#up();
  }

  close() {
    const inside = this.box.matches(":focus-within");
    clearInterval(this.clock);
    if (this.box.open) this.box.close();
    else lift(this.box, false);
    this.service.say("close");
    if (inside) this.from?.focus();
  }

  /** Search as if the visitor had. */
  async search(text) {
    await this.open("home");
    this.query.value = text;
    return this.#find("search");
  }

  /** Look for what answers this page, or `text`, and show it. */
  async suggest(text) {
    this.about = text;
    return this.open("home");
  }

  /** Fill our contact form: subject, body, email, name. */
  async prefill(values) {
    this.values = { ...this.values, ...values };
    this.form = null;
  }

  /** Open an article at a section ("account/reset#by-phone"); `offers` is the form's part that offered it. */
  async article(id, card, offers) {
    const { service, words } = this;
    const [article, anchor] = id.split("#");
    const text = h("div", { class: "article", dir: "auto" }, words.loading);
    const view = { title: card?.title ?? "", nodes: [text] };
    if (this.now && (!offers || offers.own)) this.#trail.push(this.now);
    else this.#trail = []; // from the owner's form, closing is the way back
    this.#view(view);
    this.#up();
    service.say("open", { article });
    try {
      const found = await service.call(`articles/${encodeURI(article)}`, { lang: card?.lang ?? service.host.language });
      const url = new URL(found.url, service.host.base);
      const about = offers ? offers.about({ ...card, revision: found.revision }) : { article, source: card?.source, revision: found.revision };
      card = { ...card, revision: found.revision };
      text.lang = found.lang;
      text.replaceChildren(...nodes(found.html, url), h("a", { href: url, target: "_blank", rel: "noopener" }, words.page));
      Object.assign(view, { title: found.title, foot: this.#verdict(about, card, offers) });
      if (this.now !== view) return;
      this.#view(view);
      this.#section(card?.anchor ?? anchor);
      this.#reading(about);
    } catch (error) {
      text.textContent = words[error.word ?? "down"];
    }
  }

  #up() {
    if (this.box.matches(":is([open], :popover-open)")) return;
    this.from = this.host.shadowRoot.activeElement ?? document.activeElement;
    this.box.hidden = false;
    const beside = this.box.showPopover && innerWidth > 639;
    if (beside) this.box.popover = "manual";
    else this.box.removeAttribute("popover");
    if (beside) lift(this.box, true);
    else this.box.showModal();
    (this.now.focus ?? this.title).focus();
  }

  #view(view) {
    clearInterval(this.clock);
    this.now = view;
    this.title.textContent = view.title;
    this.back.hidden = !this.#trail.length;
    this.body.replaceChildren(...view.nodes);
    this.#below(view.foot || []);
    this.body.scrollTop = 0;
    (view.focus ?? this.title).focus();
  }

  #below(nodes) {
    this.foot.replaceChildren(...nodes);
    this.foot.hidden = !nodes.length;
  }

  #section(anchor) {
    const heading = anchor && this.body.querySelector(`#${CSS.escape(anchor)}`);
    if (heading) this.body.scrollTop += heading.getBoundingClientRect().top - this.body.getBoundingClientRect().top - 12;
  }

  // Links within the article scroll here; the page keeps its address.
  #jump(event) {
    const to = event.target.closest(".article a[href^='#']");
    if (!to) return;
    event.preventDefault();
    this.#section(decodeURIComponent(to.hash.slice(1)));
  }

  #reading(about) {
    const { scrollTop } = this.body;
    let seconds = 0;
    this.clock = setInterval(() => {
      const half = this.body.scrollTop > scrollTop && this.body.scrollTop + this.body.clientHeight >= this.body.scrollHeight / 2;
      if (document.hidden || (++seconds < READ && !half)) return;
      clearInterval(this.clock);
      this.service.log("read", about);
    }, 1000);
  }

  // About an offer: solved, or not this. About an article that was found: a vote.
  #verdict(about, card, offers) {
    const { words } = this;
    const answer = (vote) => () => {
      if (!offers) {
        this.service.log(vote, about);
        return this.foot.replaceChildren(this.said.textContent = words.thanks);
      }
      if (offers.own) this.#view(this.#trail.pop());
      else this.close();
      offers[vote](card);
    };
    return [h("p", {}, words.asked), press(words.solved, answer(offers ? "solved" : "helpful"), "main"), press(words.not_this, answer(offers ? "reject" : "unhelpful"))];
  }

  #home() {
    const { words } = this;
    this.#trail = [];
    this.query = h("input", { type: "search", maxlength: 500, autocomplete: "off", enterkeyhint: "search", input: (event) => {
      clearTimeout(this.typing);
      if (!event.isComposing) this.typing = setTimeout(() => this.#find("complete"), TYPING);
    } });
    const submit = (event) => {
      event.preventDefault();
      this.#find("search");
    };
    this.heading = h("h3");
    this.found = h("ul");
    const form = h("form", { role: "search", submit }, h("label", {}, words.query, this.query), h("button", { class: "main" }, words.search));
    this.write = [press(words.write, () => this.#contact())];
    this.#here();
    return { title: words.help, nodes: [form, this.heading, this.found], foot: this.mode !== "self-service" && this.write, focus: this.query };
  }

  async #here() {
    const { about, host, service, words, write } = this;
    const { page, lang, title } = service.context;
    try {
      const { hits, mode, channels } = await service.call("context", { page: about ? "" : page, lang, title: about ?? title });
      const [button] = write;
      const web = channels.some(({ channel }) => channel === "web");
      write.splice(0, 1, ...channels.map(({ channel, address }) => {
        const chat = channel === "chat";
        return channel === "web" ? button : h("a", { part: "way", href: address, target: chat && "_blank" }, chat ? words.chat : address.replace(/^\w+:/, ""));
      }));
      if (channels[0]?.why) write.unshift(h("small", {}, channels[0].why));
      if (mode && !host.hasAttribute("mode") && this.now.focus === this.query) {
        this.mode = mode;
        if (mode === "self-service") this.#below((this.now.foot = []));
        if (mode === "ask-first" && web) this.#contact();
      }
      if (this.now.foot === write) this.#below(write);
      if (!web && this.now === this.form) this.#view(this.#trail.pop()); // not open to this visitor
      if (hits.length && !this.query.value) this.#list(hits, words.here, "browse");
    } catch {}
  }

  async #find(how) {
    clearTimeout(this.typing);
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const { service, words } = this;
    const q = this.query.value.trim();
    if (!q) return this.#list([], "");
    this.#below((this.now.foot = this.write));
    try {
      const { hits } = await service.call(how, { q, lang: service.host.language, k: 8, signal });
      this.#list(hits, hits.length ? words.offered.replace("{n}", hits.length) : words.none, "search");
      service.say("search", { query: q, hits: hits.length });
    } catch (error) {
      if (!signal.aborted) this.#list([], words[error.word ?? "down"]);
    }
  }

  #list(hits, text, source) {
    this.heading.textContent = this.said.textContent = text;
    this.found.replaceChildren(...hits.map((hit, index) => h("li", {}, link(hit, (elsewhere) => {
      this.service.log("follow", { article: hit.article, rank: index + 1, source });
      if (!elsewhere) this.article(hit.article, { ...hit, source });
    }))));
  }

  #contact() {
    if (!this.form) this.#write();
    if (this.now && this.now !== this.form) this.#trail.push(this.now);
    this.#view(this.form);
  }

  #write() {
    const { words, service, values, host } = this;
    const field = (name, tag, attributes) => h("label", {}, words[name], Object.assign(h(tag, { name, required: name !== "name", ...attributes }), { value: values?.[name] ?? "" }));
    const alert = h("p", { role: "alert" });
    const send = h("button", { class: "main" }, words.send);
    const form = h("form", {
      submit: async (event) => {
        event.preventDefault();
        send.disabled = true;
        alert.textContent = "";
        const body = Object.fromEntries(new FormData(form));
        const text = JSON.stringify(body);
        const known = kept("key");
        const { key } = kept("key", known?.text === text ? known : { text, key: uuid() }); // the same message is one ticket
        try {
          const { ticket } = await service.call("tickets", { headers: { "Idempotency-Key": key }, body: { ...service.context, ...body } });
          kept("key", null);
          this.form = null;
          this.#trail = [this.#home()];
          this.#view({ title: words.sent, nodes: [h("p", {}, words.number.replace("{ticket}", ticket))] });
          watch.sent({ ticket });
        } catch (error) {
          alert.textContent = words[error.word ?? "down"];
        }
        send.disabled = false;
      },
    }, field("subject", "input", { maxlength: 300 }), field("body", "textarea", { rows: 6, maxlength: 50000 }), field("email", "input", { type: "email", autocomplete: "email" }), field("name", "input", { autocomplete: "name" }), alert, send);
    const watch = new Form(host, form);
    for (const type of ["input", "compositionend"]) form.addEventListener(type, (event) => watch.typed(event, event.composedPath()));
    watch.restore();
    this.form = { title: words.write, nodes: [h("div", {}, form)], focus: form.elements.subject };
  }
}

// The one place that takes HTML: an article that the server has sanitised, as nodes of a document that runs nothing.
function nodes(html, url) {
  const own = { createHTML: (text) => text };
  policy ??= window.trustedTypes?.createPolicy("help-widget", own) ?? own;
  const { body } = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  for (const node of body.querySelectorAll("[src]")) node.src = new URL(node.getAttribute("src"), url);
  for (const node of body.querySelectorAll("a[href]:not([href^='#'])")) Object.assign(node, { href: new URL(node.getAttribute("href"), url), target: "_blank", rel: "noopener" });
  return [...body.childNodes];
}
