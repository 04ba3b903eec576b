// The service on another owner's page: an id instead of a cookie, signed tokens, and lines for the owner's console.

import { Service, uuid, warm } from "./service.js";
import { kept } from "./storage.js";
import { english } from "./words.js";

const MONTH = 2.592e9; // ms
const SOON = 20; // ms
const STORED = "help-widget:visitor";

warm(new URL(import.meta.url).origin); // the files may have come from the browser's cache, without a connection

export class EmbeddedService extends Service {
  credentials = "omit";
  #isForbidden;
  #words;

  constructor(host) {
    super(host.life);
    addEventListener("securitypolicyviolation", ({ blockedURI, disposition }) => {
      this.#isForbidden ||= disposition === "enforce" && blockedURI.startsWith(this.url("").origin);
    }, { signal: host.life });
    this.host = host;
  }

  get base() {
    return this.host.base;
  }

  /** A random id, made when the visitor (not the page's script) first acts and kept for 30 days; never a cookie. */
  get visitor() {
    if (this.consent === "ask") return;
    this.known ??= kept(STORED, undefined, "localStorage");
    if (!(this.known?.until > Date.now())) {
      const acted = navigator.userActivation?.hasBeenActive !== false;
      this.known = acted ? kept(STORED, { id: uuid(), until: Date.now() + MONTH }, "localStorage") : null;
    }
    return this.known?.id;
  }

  /** "ask" while the visitor has not decided about being recorded, "given" once they agreed. */
  get consent() {
    return this.host.getAttribute("consent") ?? undefined;
  }

  get identity() {
    const { visitor, consent } = this;
    return { visitor, consent };
  }

  get place() {
    const page = location.origin + location.pathname;
    return { page, title: document.title.slice(0, 200), lang: this.host.language };
  }

  /** The visitor's attributes, signed by the owner's server. */
  get token() {
    return this.host.getAttribute("token") ?? undefined;
  }

  /** The fields that events carry besides the visitor's id. */
  get sender() {
    const { token, email } = this;
    return { token, email };
  }

  async call(path, options) {
    const { token } = this;
    try {
      return await super.call(path, options);
    } catch (error) {
      if (error.status !== 401 || !token) throw error;
      // Expired, perhaps: go on without it, unless the page has set a fresh one.
      if (this.token === token) this.host.removeAttribute("token");
      const why = error.detail ?? `${this.base} gave no reason`;
      this.host.warn(`the token was refused: ${why}. Set a fresh one when help-token tells so`);
      this.say("token");
      return this.call(path, options);
    }
  }

  /** Return the words in the visitor's language, or in English if there are none. */
  words() {
    return (this.#words ??= this.#fetchWords());
  }

  async #fetchWords() {
    const lang = this.host.language.slice(0, 2);
    const own = this.host.getAttribute("words");
    if (lang === "en" && !own) return english;
    try {
      const asked = own ? fetch(new URL(own, document.baseURI)).then((answer) => answer.json()) : this.host.words;
      return { ...english, ...(await asked).valueOf() }; // without words, there is an error
    } catch {
      this.host.warn(`there are no words for lang="${lang}"; words="address" brings your own`);
      this.#words = this.host.words = null; // the next part tries again
      return english;
    }
  }

  /** Tell the page as a bubbling event. */
  say(type, detail) {
    const name = `help-${type.replace("_", "-")}`;
    this.host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  // Wait for the event of the page's own policy, which advice.js tells: it may come after the error.
  async unreachable(path) {
    await new Promise((soon) => setTimeout(soon, SOON));
    if (!navigator.onLine || this.#isForbidden) return;
    const { origin } = window; // "null" in a sandboxed frame, unlike location.origin
    const allowed = `is ${origin} in its KB_ORIGINS (press Allow in ${this.url("admin/")})`;
    const reason = origin === "null" ? "is allow-same-origin missing in the sandbox of this frame" : allowed;
    const more = /^(events|tickets)/.test(path) ? `, and ${reason}` : ""; // pages of all origins may ask the rest
    this.host.warn(`no answer from ${this.url(`api/v1/${path}`)}: is it up${more}?`);
  }
}
