// The panel's first view: search, articles about the page, and the ways to reach people.

import { card, h, press } from "./dom.js";

const PAUSE = 150; // ms without a key
const HITS = 8;

export class Home {
  constructor(panel) {
    Object.assign(this, { panel, service: panel.service, words: panel.words });
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
      this.#find("search");
    };
    this.query = h("input", { type: "search", maxlength: 500, autocomplete: "off", enterkeyhint: "search", input });
    this.heading = h("h3");
    this.found = h("ul");
    const button = h("button", { class: "main" }, words.search);
    const form = h("form", { role: "search", submit }, h("label", {}, words.query, this.query), button);
    const ways = (this.ways = [press(words.write, () => this.panel.contact())]);
    const foot = this.panel.mode !== "self-service" && ways;
    const view = { title: words.help, nodes: [form, this.heading, this.found], foot, focus: this.query };
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
      const { hits, mode, channels } = await service.call("context", asked);
      this.#reach(channels, mode, view, ways);
      if (hits.length && !this.query.value && view.focus === this.query) this.#list(hits, words.here, "browse");
    } catch {}
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

  async #find(call) {
    clearTimeout(this.clock);
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const { panel, service, words } = this;
    const q = this.query.value.trim();
    if (!q) return this.#list([], "");
    panel.showFoot((panel.now.foot = this.ways));
    try {
      const { hits } = await service.call(call, { q, lang: service.host.language, k: HITS, signal });
      const said = hits.length ? words.offered.replace("{n}", hits.length) : words.none;
      this.#list(hits, said, "search");
      service.say("search", { query: q, hits: hits.length });
    } catch (error) {
      if (!signal.aborted) this.#list([], words[error.word ?? "down"]);
    }
  }

  #list(hits, text, source) {
    const { panel, service } = this;
    const item = (hit, index) => {
      const open = (elsewhere) => {
        service.log("follow", { article: hit.article, rank: index + 1, source });
        if (!elsewhere) panel.article(hit.article, { ...hit, source });
      };
      return h("li", {}, card(hit, service.url(hit.url), open));
    };
    this.heading.textContent = panel.said.textContent = text;
    this.found.replaceChildren(...hits.map(item));
  }
}
