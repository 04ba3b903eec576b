// The panel: a dialog with a way back, in which articles are read. home.js and write.js are its other views.

import { h, press } from "./dom.js";
import { Home } from "./home.js";
import { english } from "./panel-words.js";
import { lift } from "./place.js";
import { fetchArticle, followWithin, isHalfSeen, scrollToHeading, watchReading } from "./reader.js";
import { writeView } from "./write.js";

const OPEN = ":is([open], :popover-open)";
const PHONE = 639; // px: the panel fills narrower windows

export class Panel {
  #trail = []; // the views behind the present one

  constructor(host) {
    Object.assign(this, { host, service: host.service, mode: host.getAttribute("mode") });
    this.ready = this.#build();
  }

  async #build() {
    const words = (this.words = { ...english, ...(await this.service.words()) });
    this.title = h("h2", { id: "title", tabindex: -1 });
    this.back = press("‹", () => this.goBack(), "icon", words.back);
    this.body = h("div", { part: "body", tabindex: 0 });
    this.foot = h("footer");
    this.said = h("p", { role: "status", class: "sr" });
    const keydown = (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.close();
    };
    const click = (event) => event.target.closest(".article") && followWithin(event, this.body);
    const close = press("×", () => this.close(), "icon", words.close);
    const label = { "aria-label": words.page, title: words.page };
    this.out = h("a", { part: "out", class: "icon", target: "_blank", rel: "noopener", ...label }, "↗");
    const header = h("header", {}, this.back, this.title, this.out, close);
    const attributes = { part: "panel", "aria-labelledby": "title", keydown, click };
    this.box = h("dialog", attributes, header, this.body, this.foot, this.said);
    this.home = new Home(this);
    this.host.root.append(this.box);
  }

  // What the page may call.

  /** Open where the visitor was last, or at "home" or "contact". */
  async open(start) {
    if (!this.now || start === "home") this.show(this.#start());
    if (start === "contact" || (this.mode === "ask-first" && !this.form)) this.contact();
    this.#raise();
  }

  close() {
    const inside = this.box.matches(":focus-within");
    this.stopWatching?.();
    if (this.box.open) this.box.close();
    else lift(this.box, false);
    this.service.say("close");
    if (inside) this.from?.focus();
  }

  /** Search as if the visitor had. */
  async search(text) {
    await this.open("home");
    return this.home.search(text);
  }

  /** Offer the articles for this page, or for `text`. */
  async suggest(text) {
    this.home.about = text;
    return this.open("home");
  }

  /** Fill in our contact form: subject, body, email, name. */
  async prefill(values) {
    this.values = { ...this.values, ...values };
    this.form = null;
  }

  /** Open an article at a section ("account/reset#by-phone"); `form` is the one whose card was pressed. */
  async article(id, card, form) {
    const { service, words } = this;
    const [article, anchor] = id.split("#");
    const text = h("div", { class: "article", dir: "auto" }, words.loading);
    const view = { title: card?.title ?? "", nodes: [text], href: card && service.url(card.url) };
    if (this.now && (!form || form.own)) this.#trail.push(this.now);
    else this.#trail = []; // closing leads back to the owner's form
    this.show(view);
    this.#raise();
    service.say("open", { article });
    try {
      const found = await fetchArticle(service, article, card?.lang ?? service.host.language);
      const { revision } = found;
      const about = form ? form.about({ ...card, revision }) : { article, source: card?.source, revision };
      text.lang = found.lang;
      view.href ??= service.url(found.url);
      text.replaceChildren(...found.nodes, this.#whole(view.href));
      Object.assign(view, { title: found.title, foot: this.#verdict(about, { ...card, revision }, form) });
      if (this.now !== view) return;
      this.show(view);
      scrollToHeading(this.body, card?.anchor ?? anchor);
      if (!this.box.matches(OPEN)) return;
      this.stopWatching = watchReading(() => isHalfSeen(this.body), this.body, () => service.log("read", about));
    } catch {
      const href = view.href ?? service.url(card?.url ?? `${service.host.language.slice(0, 2)}/articles/${id}`);
      text.replaceChildren(h("p", {}, words.unread), this.#whole(href));
    }
  }

  #whole(href) {
    return h("a", { href, target: "_blank", rel: "noopener" }, this.words.page);
  }

  // Views: each has a title and nodes, and may have a foot and an element that takes the focus.

  show(view) {
    this.stopWatching?.();
    this.now = view;
    this.title.textContent = view.title;
    this.back.hidden = !this.#trail.length;
    this.out.hidden = !view.href;
    if (view.href) this.out.href = view.href;
    this.body.replaceChildren(...view.nodes);
    this.showFoot(view.foot || []);
    this.body.scrollTop = 0;
    (view.focus ?? this.title).focus();
  }

  showFoot(nodes) {
    this.foot.replaceChildren(...nodes);
    this.foot.hidden = !nodes.length;
  }

  goBack() {
    this.show(this.#trail.pop());
  }

  contact() {
    this.form ??= writeView(this);
    if (this.now && this.now !== this.form) this.#trail.push(this.now);
    this.show(this.form);
  }

  /** Show that our contact form's message arrived. */
  showSent(view) {
    this.form = null;
    this.#trail = [this.#start()];
    this.show(view);
  }

  #start() {
    this.#trail = [];
    return this.home.view();
  }

  #raise() {
    if (this.box.matches(OPEN)) return;
    const { root } = this.host; // within the dialog in which the form is, if there is one
    this.from = root.getRootNode().activeElement ?? document.activeElement;
    root.getRootNode().adoptedStyleSheets = [...this.host.shadowRoot.adoptedStyleSheets];
    if (!root.contains(this.box)) root.append(this.box);
    this.box.hidden = false;
    const beside = this.box.showPopover && innerWidth > PHONE;
    if (beside) this.box.popover = "manual";
    else this.box.removeAttribute("popover");
    if (beside) lift(this.box, true);
    else this.box.showModal();
    (this.now.focus ?? this.title).focus();
  }

  // An offered article solved it or not; about an article that was found, the answer is a vote.
  #verdict(about, card, form) {
    const { words } = this;
    const vote = (type) => () => {
      this.service.log(type, about);
      this.said.textContent = words.thanks;
      this.foot.replaceChildren(words.thanks);
    };
    const answer = (method) => () => {
      if (form.own) this.goBack();
      else this.close();
      form[method](card);
    };
    const [yes, no] = form ? [answer("solved"), answer("reject")] : [vote("helpful"), vote("unhelpful")];
    return [h("p", {}, words.asked), press(words.solved, yes, "main"), press(words.not_this, no)];
  }
}
