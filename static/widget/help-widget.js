// <help-widget>: paints its button or waits at the owner's form, and fetches the rest when a visitor uses either.

const BASE = new URL("../../", import.meta.url).href;
const LABELS = "de Hilfe es Ayuda fr Aide it Aiuto nl Hulp pl Pomoc pt Ajuda ar مساعدة ja ヘルプ ko 도움말 zh 帮助 en Help";
const METHODS = "open close article search suggest prefill";
const CALM = 50; // ms until changes of the page are looked at
const PATIENT = 3000; // ms until a form that is still missing is reported
const FOLDER = "./"; // the server names the version here, so that files of two versions never mix
const FILES = { Form: ["form"], Panel: ["form", "panel"] }; // each holds all of its part: kb/site/bundle.py

// Tokens come first and with !important, so that the page's own `*` and `all: unset` cannot reach in.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  display: inline !important; visibility: visible !important; opacity: 1 !important;
  filter: none !important; transform: none !important; color-scheme: light dark !important;
}
:host([theme=light]) { color-scheme: light !important; }
:host([theme=dark]) { color-scheme: dark !important; }
slot { visibility: hidden; }
#root {
  all: initial; position: absolute; color-scheme: inherit;
  --accent: var(--help-accent, light-dark(#0b6b4f, #5fd0a5));
  --on-accent: var(--help-on-accent, light-dark(#fff, #06251a));
  font: var(--help-font-size, 16px)/1.5 var(--help-font, system-ui, sans-serif);
}
[part=button] {
  all: unset; box-sizing: border-box; position: fixed; z-index: var(--help-z, 2147483000);
  inset-block: auto 0; inset-inline: auto 0; margin: var(--help-offset, 20px);
  display: inline-flex; align-items: center; gap: 8px; min-height: 48px; padding: 8px 20px 8px 16px;
  border: 1px solid transparent; border-radius: 99px; background: var(--accent); color: var(--on-accent);
  font-weight: 600; cursor: pointer; box-shadow: 0 6px 20px #0003;
}
[part=button]::before {
  content: "?"; display: grid; place-items: center; width: 22px; height: 22px;
  border: 2px solid; border-radius: 50%; font-size: 14px; line-height: 1;
}
[part=button]:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
:host([position$=start]) [part=button] { inset-inline: 0 auto; }
:host([position=inline]) :is(#root, [part=button]) { position: static; box-shadow: none; }
@media print { #root { display: none; } }
`);

class HelpWidget extends HTMLElement {
  #life;
  #parts;
  #warned = new Set();

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    if (this.carries) return; // holds another's cards in a dialog, see place.js
    this.#life = new AbortController();
    this.#parts = {};
    this.service = null;
    this.root = document.createElement("div");
    this.root.id = "root";
    this.root.lang = this.language;
    this.root.dir = /^(ar|fa|he|ur)\b/.test(this.language) ? "rtl" : "ltr";
    this.shadowRoot.replaceChildren(document.createElement("slot"), this.root);
    addEventListener("securitypolicyviolation", (event) => {
      if (BASE.includes(event.blockedURI.split("/")[2])) this.#lazy("advice", event);
    }, { signal: this.life });
    this.begin();
  }

  /** Wait at the form or show the button, unless another element does. Once that one has gone, it is asked again. */
  begin() {
    if (this.carries || working.has(this) || twin(this)) return;
    working.add(this);
    if (this.hasAttribute("form")) this.#wait();
    else this.#paint();
  }

  disconnectedCallback() {
    working.delete(this);
    this.#life?.abort();
    queueMicrotask(renew); // another one, put in before this was taken out, has waited for it
  }

  /** Aborted when the element leaves the page. */
  get life() {
    return this.#life.signal;
  }

  get base() {
    return new URL(this.getAttribute("src") || BASE, document.baseURI).href.replace(/\/?$/, "/");
  }

  get language() {
    return this.lang || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
  }

  /** The page calls this once its form was really sent. */
  sent() {
    return this.part("Form").then((form) => form.sent());
  }

  /** Write one line for the owner of the page, once; visitors see nothing. */
  warn(line) {
    if (!this.#warned.has(line)) console.warn(`help-widget: ${line}`);
    this.#warned.add(line);
  }

  /** Fetch and build the form's or the panel's part, once. */
  part(name) {
    const parts = this.#parts;
    return (parts[name] ??= this.#build(name).catch((error) => {
      if (name === "Panel") delete parts.Panel; // the next click tries again
      throw error;
    }));
  }

  async #build(name) {
    const { life } = this;
    const { EmbeddedService, ...parts } = await this.#fetch(name);
    life.throwIfAborted(); // the element was removed meanwhile
    this.service ??= new EmbeddedService(this);
    const part = new parts[name](this);
    await part.ready;
    return part;
  }

  // A strict page refuses <style> in the shadow root, but not stylesheets made by a script.
  async #fetch(name) {
    const lang = this.root.lang.slice(0, 2);
    const url = new URL(`${FOLDER}words/${lang}.json`, import.meta.url);
    if (LABELS.match(`\\b${lang} .* en`)) this.words ??= fetch(url).then((answer) => answer.json()).catch(() => {});
    try {
      const files = await Promise.all(FILES[name].map((file) => import(`${FOLDER}${file}.js`)));
      const there = this.shadowRoot.adoptedStyleSheets;
      for (const { sheet } of files) if (!there.includes(sheet)) there.push(sheet);
      return Object.assign({}, ...files);
    } catch (error) {
      if (!this.#warned.size) this.warn(`${error.message}; is ${BASE} up?`);
      throw error;
    }
  }

  #wait() {
    const { life: signal } = this;
    const selector = (this.selector = valid(this.getAttribute("form")));
    let form;
    const typed = (event, path = event.composedPath()) => {
      if (form) form.typed(event, path);
      else this.part("Form").then((made) => (form = made).typed(event, path), () => {});
    };
    const on = (type, act) => addEventListener(type, act, { signal, capture: true });
    on("beforeinput", typed);
    on("input", typed);
    on("compositionend", typed);
    // A visitor who enters the form will type: fetch the files before the first pause needs them.
    on("focusin", ({ target }) => {
      if (form || navigator.userActivation?.hasBeenActive === false) return; // no visitor: autofocus
      const fits = target.closest(selector || "form")?.querySelector("textarea");
      if (fits) this.#fetch("Form").catch(() => {}); // reported; the form works without
    });
    // What is typed in a frame stays there. The focus may be in one from the start.
    const left = () => document.hasFocus() && this.#lazy("frames", typed);
    addEventListener("blur", () => setTimeout(left), { signal });
    if (document.activeElement?.contentWindow) left();
    // Only look whether a visitor typed something earlier in this tab; store nothing. Storage may be forbidden.
    try {
      const before = Object.keys(sessionStorage).join().includes("help-widget:");
      if (before) this.part("Form").then((form) => form.restore(), () => {});
    } catch {}
    if (selector) setTimeout(() => find(selector) || this.#lazy("advice"), PATIENT);
  }

  #lazy(file, given) {
    import(`${FOLDER}${file}.js`).then((part) => part.start(this, given), () => {});
  }

  #paint() {
    const button = document.createElement("button");
    const own = this.getAttribute("label") || this.textContent.trim();
    button.part = "button";
    button.ariaHasPopup = "dialog";
    button.textContent = own || LABELS.match(`\\b(?:${this.root.lang.slice(0, 2)}|en) (\\S+)`)[1];
    button.onpointerenter = button.onfocus = () => this.part("Panel").catch(() => {}); // fetched once
    button.onclick = () => this.open().catch(() => location.assign(this.base));
    this.root.append(button);
  }
}

for (const name of METHODS.split(" ")) {
  HelpWidget.prototype[name] = async function (...values) {
    return (await this.part("Panel"))[name](...values);
  };
}

// Return the element that a selector finds. A wrong one finds nothing.
const find = (selector) => selector && document.querySelector(valid(selector));

// Return true if another element does the same as this one: it offers at the same form, or stands in the same corner.
function twin(widget) {
  const place = (one) => one.getAttribute("form") ?? one.getAttribute("position") ?? "end";
  const own = place(widget);
  const form = find(own) ?? widget;
  return own !== "inline" && [...working].some((one) => place(one) === own || find(place(one)) === form);
}

// Return a selector, or that of an id where it is none, as in "#5f9e" and "#:r1:".
function valid(selector) {
  if (!selector || CSS.supports(`selector(:not(${selector}))`)) return selector;
  return `[id=${JSON.stringify(selector.slice(1))}]`;
}

// One tag is enough, for editors that strip unknown elements:
// <script type="module" src="…/help-widget.js" data-form="#contact"></script>
// Turbo, htmx and other routers put a new body or view in the place of the old one, with the element or with the tag.
// A module runs once, however many tags name it.
function renew() {
  clock = 0;
  for (const widget of document.querySelectorAll("help-widget")) widget.begin();
  for (const { src, dataset } of document.scripts) {
    if (!src.includes("/help-widget.js")) continue;
    const made = new HelpWidget();
    for (const name in dataset) made.setAttribute(name, dataset[name]);
    if (!made.matches("[form],[label],[position]") || twin(made)) continue;
    const form = find(dataset.form);
    if (form) form.after(made);
    else document.body?.append(made);
  }
}

const working = new Set();
let clock;
if (!customElements.get("help-widget")) {
  customElements.define("help-widget", HelpWidget);
  renew();
  const watch = new MutationObserver(() => (clock ||= setTimeout(renew, CALM)));
  watch.observe(document, { childList: true, subtree: true });
}
