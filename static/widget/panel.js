// The panel: search, article and our own contact form, over the page and beside what the visitor was doing.

import { h, kept, lift, link, uuid } from "./core.js";
import { dress } from "./look.js";

const REASONS = ["wrong", "outdated", "not_my_problem", "cannot_follow_the_step"];
const TYPING = 150; // ms
const READ = 20; // seconds
let policy;

export default class Panel {
  #trail = [];

  constructor(host) {
    Object.assign(this, { host, service: host.service });
    this.ready = host.service.words().then((words) => this.#build(words));
  }

  #build(words) {
    const icon = (sign, label, click) => h("button", { type: "button", class: "icon", "aria-label": label, click }, sign);
    this.words = words;
    dress(this.host);
    this.title = h("h2", { id: "title", tabindex: -1 });
    this.back = icon("‹", words.back, () => this.#view(this.#trail.pop()));
    this.body = h("div", { part: "body", role: "group", tabindex: 0, "aria-labelledby": "title" });
    this.foot = h("footer");
    this.said = h("p", { role: "status", class: "sr" });
    this.box = h("dialog", { part: "panel", "aria-labelledby": "title" }, h("header", {}, this.back, this.title, icon("×", words.close, () => this.close())), this.body, this.foot, this.said);
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.close();
    });
    this.box.addEventListener("click", (event) => this.#jump(event));
    this.host.root.append(this.box);
  }

  /** Open where the visitor was last, or at "contact". */
  async open(start) {
    await this.ready;
    if (!this.now || start === "home") this.#view(this.#home());
    if (start === "contact") await this.#contact();
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
    await this.ready;
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
    if (this.now) this.now.scrolled = this.body.scrollTop;
    clearInterval(this.clock);
    this.now = view;
    this.title.textContent = view.title;
    this.back.hidden = !this.#trail.length;
    this.body.replaceChildren(...view.nodes);
    this.foot.replaceChildren(...(view.foot ?? []));
    this.foot.hidden = !view.foot;
    this.body.scrollTop = view.scrolled ?? 0;
    (view.focus ?? this.title).focus();
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

  #verdict(about, card, offers) {
    const { words, service } = this;
    const ask = (question, ...buttons) => [h("p", { tabindex: -1 }, question), ...buttons];
    const button = (word, click) => h("button", { type: "button", class: word === "solved" && "main", click }, words[word]);
    const put = (...nodes) => (this.foot.replaceChildren(...nodes), this.foot.firstChild.focus());
    const vote = (type, reason) => (service.log(type, { ...about, reason }), put(...ask(words.thanks)));
    const answer = (act) => () => {
      if (offers.own) this.#view(this.#trail.pop());
      else this.close();
      act.call(offers, card);
    };
    if (offers) return ask(words.asked, button("solved", answer(offers.solved)), button("not_this", answer(offers.reject)));
    const why = () => put(...ask(words.why, ...REASONS.map((reason) => button(reason, () => vote("unhelpful", reason)))));
    return ask(words.asked, button("solved", () => vote("helpful")), button("not_this", why));
  }

  #home() {
    const { words } = this;
    this.#trail = [];
    this.query = h("input", { type: "search", maxlength: 500, autocomplete: "off", enterkeyhint: "search", input: (event) => {
      clearTimeout(this.typing);
      if (!event.isComposing) this.typing = setTimeout(() => this.#find("complete"), TYPING);
    } });
    const submit = (event) => (event.preventDefault(), this.#find("search"));
    this.heading = h("h3");
    this.found = h("ul");
    const write = h("button", { type: "button", click: () => this.#contact() }, words.write);
    const form = h("form", { role: "search", submit }, h("label", {}, words.query, this.query), h("button", { class: "main" }, words.search));
    this.#here();
    return { title: words.help, nodes: [form, this.heading, this.found], foot: [write], focus: this.query };
  }

  async #here() {
    const q = (this.about ?? document.querySelector("h1")?.innerText ?? document.title).slice(0, 200);
    try {
      const { hits } = await this.service.call("complete", { q, lang: this.service.host.language, k: 3 });
      if (hits.length && !this.query.value) this.#list(hits, this.words.here, "browse");
    } catch {}
  }

  async #find(how) {
    clearTimeout(this.typing);
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const { service, words } = this;
    const q = this.query.value.trim();
    if (!q) return this.#list([], "");
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

  async #contact() {
    if (!this.form) this.#write();
    if (this.now && this.now !== this.form) this.#trail.push(this.now);
    this.#view(this.form);
  }

  #write() {
    const { words, service, values, host } = this;
    let watch;
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
          const fields = { title: document.title.slice(0, 200) };
          const { ticket } = await service.call("tickets", { headers: { "Idempotency-Key": key }, body: { ...service.context, ...body, fields } });
          kept("key", null);
          this.form = null;
          this.#trail = [this.#home()];
          this.#view({ title: words.sent, nodes: [h("p", {}, words.number.replace("{ticket}", ticket))] });
          watch?.sent({ ticket });
        } catch (error) {
          alert.textContent = words[error.word ?? "down"];
        }
        send.disabled = false;
      },
    }, field("subject", "input", { maxlength: 300 }), field("body", "textarea", { rows: 6, maxlength: 20000 }), field("email", "input", { type: "email", autocomplete: "email" }), field("name", "input", { autocomplete: "name" }), alert, send);
    import("./form.js").then(({ default: Form }) => {
      watch = new Form(host, form);
      for (const type of ["input", "compositionend"]) form.addEventListener(type, (event) => watch.typed(event, event.composedPath()));
      watch.restore();
    }, () => {});
    this.form = { title: words.write, nodes: [h("div", {}, form)], focus: form.elements.subject };
  }
}

// The one place that takes HTML: an article that the server has sanitised, as nodes of a document that runs nothing.
function nodes(html, url) {
  const own = { createHTML: (text) => text };
  policy ??= window.trustedTypes?.createPolicy("help-widget", own) ?? own;
  const { body } = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  for (const node of body.querySelectorAll("[src]")) node.src = new URL(node.getAttribute("src"), url);
  for (const node of body.querySelectorAll("a:not([href^='#'])")) Object.assign(node, { href: new URL(node.getAttribute("href") ?? "", url), target: "_blank", rel: "noopener" });
  return [...body.childNodes];
}
