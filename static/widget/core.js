// What the form's part and the panel share: the API, events, storage, words, and elements made without HTML.

export const english = {
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
  why: "What was wrong?",
  wrong: "It is wrong",
  outdated: "It is out of date",
  not_my_problem: "It is not my problem",
  cannot_follow_the_step: "I cannot follow a step",
  thanks: "Thank you.",
  page: "Open in a new tab",
  query: "Search for an answer",
  search: "Search",
  none: "Nothing was found. Try other words, or write to us.",
  here: "About this page",
  write: "Write to us",
  subject: "Subject",
  body: "Message",
  email: "E-mail address",
  name: "Name (optional)",
  send: "Send",
  sent: "Your message has arrived",
  number: "Its number is {ticket}. The answer comes by e-mail.",
  loading: "Loading…",
  down: "This does not work at the moment. Your text is kept; please try again.",
  busy: "That was too often. Your text is kept; please try again in a minute.",
  refused: "This was not accepted. Your text is kept.",
};

/** A random UUID; crypto.randomUUID is missing on pages without TLS. */
export const uuid = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

/** Read or write storage, which may be full, forbidden or absent; nothing is written before the visitor acts. */
export function kept(name, value, area = "sessionStorage") {
  try {
    const key = `help-widget:${name}`;
    if (value === undefined) return JSON.parse(window[area].getItem(key));
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, JSON.stringify(value));
  } catch {}
  return value ?? null;
}

/** An element; text is always text. */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value || value === 0) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** A hit as one link: title, section, and the sentence that answers. */
export function link(hit, open) {
  const words = hit.snippet.map(({ text, mark }) => (mark ? h("mark", {}, text) : text));
  const click = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return open(true);
    event.preventDefault();
    open();
  };
  return h("a", { part: "card", href: hit.url, target: "_blank", rel: "noopener", lang: hit.lang, dir: "auto", click }, h("b", {}, hit.title), h("small", {}, hit.heading), h("span", {}, ...words));
}

/** Show or hide an element above everything else, whatever z-index the page uses. */
export function lift(element, on) {
  element.hidden = !on;
  if (element.showPopover && element.matches(":popover-open") !== on) element.togglePopover(on);
}

export class Service {
  #events = [];
  #lost = 0;
  #told = new Set();

  constructor(host) {
    this.host = host;
    const { life: signal } = host;
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

  /** A random id, made when the visitor first acts and kept for a month; never a cookie. */
  get visitor() {
    const known = this.known ?? kept("visitor", undefined, "localStorage");
    this.known = known && Date.now() - known.made < 30 * 864e5 ? known : kept("visitor", { id: uuid(), made: Date.now() }, "localStorage");
    return this.known.id;
  }

  /** What goes along with offers and tickets. */
  get context() {
    const { visitor, episode, host } = this;
    return { visitor, episode, token: host.getAttribute("token") ?? undefined, page: location.origin + location.pathname, lang: host.language };
  }

  /** Ask the API; throws an Error whose `word` names the sentence for the visitor. */
  async call(path, { body, headers, signal, patience = 15000, ...query } = {}) {
    const url = this.url(`api/v1/${path}`);
    url.search = new URLSearchParams(query);
    const own = new AbortController();
    const clock = setTimeout(() => own.abort(), patience);
    signal?.addEventListener("abort", () => own.abort());
    try {
      const answer = await fetch(url, {
        method: body ? "POST" : "GET", credentials: "omit", signal: own.signal,
        headers: body && { "Content-Type": "application/json", ...headers }, body: body && JSON.stringify(body),
      });
      if (answer.ok) return await answer.json();
      throw Object.assign(new Error(answer.status), { word: answer.status === 429 ? "busy" : answer.status < 500 ? "refused" : "down" });
    } catch (error) {
      if (error instanceof TypeError) this.#refused(path);
      throw error;
    } finally {
      clearTimeout(clock);
    }
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
    if (!events.length) return;
    const url = this.url("api/v1/events");
    const body = JSON.stringify({ visitor: this.visitor, events });
    try {
      if (leaving) navigator.sendBeacon(url, body);
      else await fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" });
    } catch {
      this.#refused("events");
      if (this.#lost++ < 9) this.#events.unshift(...events);
    }
  }

  #refused(path) {
    const { origin } = this.url("");
    this.tell(`${origin} did not answer ${path.split("/")[0]}: it is down, stopped by a blocker or this page's connect-src, or (events, tickets) ${location.origin} is not in its KB_ORIGINS; /admin lists it with Allow`);
  }

  #forbidden({ effectiveDirective, blockedURI }) {
    const { origin } = this.url("");
    if (blockedURI.startsWith(origin)) this.tell(`add ${origin} to ${effectiveDirective} of this page's Content-Security-Policy`);
  }
}
