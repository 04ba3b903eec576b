// The panel's first view: search, articles before anybody asks, and the ways to reach people.

import { activate, walked } from "./combobox.js";
import { card, h, press } from "./dom.js";
import { plural } from "./words.js";

const PAUSE = 150; // ms without a key
const HITS = 8;

export class Home {
  #groups = []; // of articles that are shown while nothing is searched: [heading, hits]
  #active = -1; // the option that the arrow keys reached

  constructor(panel) {
    Object.assign(this, { panel, service: panel.service, words: panel.words });
    /** The limits for files of a message, once the help center has told them. */
    this.limits = new Promise((resolve) => (this.tell = resolve));
  }

  /** Make the view anew. */
  view() {
    const { words } = this;
    const input = (event) => {
      clearTimeout(this.clock);
      if (!event.isComposing) this.clock = setTimeout(() => this.#find("complete"), PAUSE);
    };
    const submit = (event) => {
      event.preventDefault();
      const option = this.#options[this.#active];
      if (option) option.click();
      else this.#find("search");
    };
    const keydown = (event) => this.#key(event);
    this.query = h("input", {
      type: "search", maxlength: 500, autocomplete: "off", enterkeyhint: "search", role: "combobox",
      "aria-expanded": "false", "aria-controls": "options", "aria-autocomplete": "list",
      input, compositionend: input, keydown,
    });
    this.found = h("div", { id: "found" });
    const button = h("button", { class: "main" }, words.search);
    const form = h("form", { role: "search", submit }, h("label", {}, words.query, this.query), button);
    const ways = (this.ways = [press(words.write, () => this.panel.contact())]);
    const foot = this.panel.mode !== "self-service" && ways;
    const view = (this.shown = { title: words.help, nodes: [form, this.found], foot, focus: this.query });
    this.#groups = [];
    this.#suggest(view, ways);
    return view;
  }

  search(text) {
    this.query.value = text;
    return this.#find("search");
  }

  async #suggest(view, ways) {
    const { about, service, words } = this;
    const { page, lang, title } = service.context;
    try {
      const asked = { page: about ? "" : page, lang, title: about ?? title };
      const { hits, promoted = [], popular = [], mode, channels, files } = await service.call("context", asked);
      this.tell(files);
      this.#reach(channels, mode, view, ways);
      if (view.focus !== this.query) return; // a newer view
      this.#groups = [[words.here, hits], [words.promoted, promoted], [words.popular, popular]];
      if (!this.query.value.trim()) this.#suggested();
    } catch {}
  }

  #suggested() {
    const groups = this.#groups.filter(([, hits]) => hits.length);
    this.#show(...groups.map(([heading, hits]) => this.#list(heading, hits, "browse")));
  }

  // Show the channels that are open to this visitor, and open our form at once where the page asks for that.
  #reach(channels, mode, view, ways) {
    const { panel } = this;
    const [write] = ways;
    const web = channels.some(({ channel }) => channel === "web");
    ways.splice(0, 1, ...channels.map((one) => (one.channel === "web" ? write : this.#way(one))));
    if (channels[0]?.why) ways.unshift(h("small", {}, channels[0].why));
    if (mode && !panel.host.hasAttribute("mode") && panel.now === view) {
      panel.mode = mode;
      if (mode === "self-service") panel.showFoot((view.foot = []));
      if (mode === "ask-first" && web) panel.contact();
    }
    if (panel.now.foot === ways) panel.showFoot(ways);
    if (!web && panel.now === panel.form) panel.goBack();
  }

  #way({ channel, address }) {
    const chat = channel === "chat";
    const text = chat ? this.words.chat : address.replace(/^\w+:/, "");
    return h("a", { part: "way", href: address, target: chat && "_blank" }, text);
  }

  // While typing, the articles are options of the field; after Enter, they are a list of links.
  async #find(call) {
    clearTimeout(this.clock);
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const { panel, service, words } = this;
    const q = this.query.value.trim();
    if (!q) {
      panel.said.textContent = "";
      return this.#suggested();
    }
    this.shown.foot = this.ways;
    if (panel.now === this.shown) panel.showFoot(this.ways); // and not an article that was opened meanwhile
    try {
      const { hits } = await service.call(call, { q, lang: service.host.language, k: HITS, signal });
      if (signal.aborted) return; // an older answer never overwrites a newer one
      const said = hits.length ? plural(words.found, hits.length, service.host.language) : words.none;
      this.#show(this.#list(said, hits, "search", call === "complete" && hits.length > 0));
      panel.said.textContent = said;
      service.say("search", { query: q, hits: hits.length });
    } catch (error) {
      if (signal.aborted) return;
      panel.said.textContent = words[error.word ?? "down"];
      this.#show(h("h3", {}, panel.said.textContent));
    }
  }

  #show(...nodes) {
    this.found.replaceChildren(...nodes);
    this.query.setAttribute("aria-expanded", String(this.#options.length > 0));
    this.#choose(-1);
  }

  // Return a heading and the articles below it: as links of a list, or as options of the field.
  #list(heading, hits, source, asOptions) {
    const { panel, service } = this;
    const item = (hit, index) => {
      const open = (elsewhere) => {
        service.log("follow", { article: hit.article, rank: index + 1, source });
        if (!elsewhere) panel.article(hit.article, { ...hit, source });
      };
      const link = card(hit, service.url(hit.url), open);
      if (!asOptions) return h("li", {}, link);
      for (const [name, value] of Object.entries({ role: "option", id: `option-${index}`, tabindex: -1 })) {
        link.setAttribute(name, value);
      }
      return link;
    };
    const list = asOptions ? { role: "listbox", id: "options", "aria-label": heading } : {};
    return h("section", {}, h("h3", {}, heading), h(asOptions ? "div" : "ul", list, ...hits.map(item)));
  }

  get #options() {
    return [...this.found.querySelectorAll("[role=option]")];
  }

  #choose(index) {
    this.#active = index;
    activate(this.query, this.#options, index);
  }

  #key(event) {
    const count = this.#options.length;
    const next = walked(event.key, this.#active, count);
    if (event.isComposing) return;
    if (next !== undefined && count) {
      event.preventDefault();
      this.#choose(next);
    } else if (event.key === "Escape" && this.query.value) {
      event.preventDefault(); // the first Escape empties the field, the next one closes the panel
      event.stopPropagation();
      this.query.value = "";
      this.#find("complete");
    }
  }
}
