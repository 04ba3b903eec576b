// <help-widget>: paints its button or waits at the owner's form, and fetches the rest when a visitor uses either.

const BASE = new URL("../../", import.meta.url).href;
const LABELS = { de: "Hilfe", es: "Ayuda", ar: "مساعدة" };
const ATTRIBUTES = "form subject body email category success src lang theme position label mode token words consent";
const METHODS = ["open", "close", "article", "search", "suggest", "prefill"];
const PATIENT = 3000; // ms until a form that is still missing is reported
const FOLDER = "./"; // the server names the version here, so that files of two versions never mix
const FORM = ["form", "embedded", "service", "draft", "words", "dom", "offers", "place"];
const FILES = { Form: FORM, Panel: ["panel", "home", "panel-words", "reader", "write", "chosen", "line", ...FORM] };
const SHEETS = { Form: ["look"], Panel: ["look", "panel"] };

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
  font: 400 var(--help-font-size, 16px)/1.5 var(--help-font, system-ui, sans-serif);
}
[part=button] {
  all: unset; box-sizing: border-box; position: fixed; z-index: var(--help-z, 2147483000);
  inset-block-end: 0; inset-inline-end: 0; margin: var(--help-offset, 20px);
  display: inline-flex; align-items: center; gap: 8px; min-height: 48px; padding: 8px 20px 8px 16px;
  border: 1px solid transparent; border-radius: 99px; background: var(--accent); color: var(--on-accent);
  font-weight: 600; cursor: pointer; user-select: none; box-shadow: 0 6px 20px #0003;
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
  #sheets = {};
  #parts = {};
  #warned = new Set();

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this.#life = new AbortController();
    this.#parts = {};
    this.service = null;
    this.root = document.createElement("div");
    this.root.id = "root";
    this.root.lang = this.language;
    this.root.dir = /^(ar|fa|he|ur)\b/.test(this.language) ? "rtl" : "ltr";
    this.shadowRoot.replaceChildren(document.createElement("slot"), this.root);
    const forbidden = (event) => this.#forbidden(event);
    document.addEventListener("securitypolicyviolation", forbidden, { signal: this.life });
    if (this.hasAttribute("form")) this.#wait();
    else this.#paint();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  /** Aborted when the element leaves the page. */
  get life() {
    return this.#life.signal;
  }

  get base() {
    return new URL(this.getAttribute("src") || BASE, document.baseURI).href.replace(/\/?$/, "/");
  }

  get language() {
    return this.lang || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language || "en";
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
    parts[name] ??= this.#build(name).catch((error) => {
      if (name === "Panel") delete parts.Panel; // the next click tries again
      throw error;
    });
    return parts[name];
  }

  async #build(name) {
    const { life } = this;
    const [parts] = await this.#fetch(name);
    const { EmbeddedService } = await import(`${FOLDER}embedded.js`);
    life.throwIfAborted(); // the element was removed meanwhile
    this.service ??= new EmbeddedService(this);
    const part = new parts[name](this);
    await part.ready;
    return part;
  }

  // All files of a part at once: as they import each other, they would come one after the other. A strict page refuses
  // <style> in the shadow root, but not stylesheets made by a script.
  async #fetch(name) {
    try {
      const scripts = Promise.all(FILES[name].map((file) => import(`${FOLDER}${file}.js`)));
      const sheets = Promise.all(SHEETS[name].map((file) => (this.#sheets[file] ??= fetchSheet(file))));
      const [parts, fetched] = await Promise.all([scripts, sheets]);
      const { adoptedStyleSheets: there } = this.shadowRoot;
      there.push(...fetched.filter((one) => !there.includes(one)));
      return parts;
    } catch (error) {
      this.#sheets = {}; // the next use tries again
      if (!this.#warned.size) this.warn(`${error.message}; is ${this.base} up?`);
      throw error;
    }
  }

  #wait() {
    const { life: signal } = this;
    const selector = this.getAttribute("form");
    document.querySelector(selector || "form"); // a wrong selector throws here, once, and not at each key
    let form;
    const typed = (event) => {
      const path = event.composedPath(); // gone once the event is over
      if (form) form.typed(event, path);
      else this.part("Form").then((made) => (form = made).typed(event, path), () => {});
    };
    for (const type of ["input", "compositionend"]) {
      document.addEventListener(type, typed, { signal, capture: true, passive: true });
    }
    const focused = ({ target }) => form || this.#focused(target.closest(selector || "form"));
    document.addEventListener("focusin", focused, { signal });
    if (hasDraft()) this.part("Form").then((form) => form.restore(), () => {});
    if (selector) setTimeout(() => signal.aborted || this.#find(selector), PATIENT);
  }

  // A visitor who enters the form will type: fetch the files before the first pause needs them.
  #focused(form) {
    const fits = form?.querySelector("textarea") && !form.querySelector("[type=password]");
    if (!fits || navigator.userActivation?.hasBeenActive === false) return; // no visitor: autofocus
    this.#fetch("Form").catch(() => {}); // reported; the form works without
  }

  #find(selector) {
    if (document.querySelector(selector)) return;
    this.warn(`form="${selector}" matches nothing; leave it empty to have the form guessed`);
  }

  #forbidden({ effectiveDirective, blockedURI }) {
    const { origin } = new URL(this.base);
    if (!blockedURI.startsWith(origin)) return;
    this.warn(`add ${origin} to ${effectiveDirective} of this page's Content-Security-Policy`);
  }

  #paint() {
    const button = document.createElement("button");
    const own = this.getAttribute("label") || this.textContent.trim();
    button.part = "button";
    button.type = "button";
    button.ariaHasPopup = "dialog";
    button.textContent = own || LABELS[this.root.lang.slice(0, 2)] || "Help";
    const prepare = () => this.part("Panel").catch(() => {});
    for (const intent of ["pointerenter", "focus", "touchstart"]) {
      button.addEventListener(intent, prepare, { once: true, passive: true });
    }
    button.addEventListener("click", () => this.open().catch(() => location.assign(this.base)));
    this.root.append(button);
  }
}

for (const name of METHODS) {
  HelpWidget.prototype[name] = async function (...values) {
    return (await this.part("Panel"))[name](...values);
  };
}

async function fetchSheet(file) {
  const answer = await fetch(new URL(`${FOLDER}${file}.css`, import.meta.url));
  if (!answer.ok) throw new Error(`${file}.css: status ${answer.status}`);
  return new CSSStyleSheet().replace(await answer.text());
}

// Return true if a visitor typed something earlier in this tab. This only looks; it stores nothing.
function hasDraft() {
  try {
    return Object.keys(sessionStorage).some((key) => key.startsWith("help-widget:"));
  } catch {
    return false;
  }
}

if (!customElements.get("help-widget")) customElements.define("help-widget", HelpWidget);

// One tag is enough, for editors that strip unknown elements:
// <script type="module" src="…/help-widget.js" data-form="#contact"></script>
for (const { src, dataset } of document.scripts) {
  if (src !== import.meta.url || !("form" in dataset || "label" in dataset || "position" in dataset)) continue;
  const made = document.createElement("help-widget");
  for (const name of ATTRIBUTES.split(" ")) if (name in dataset) made.setAttribute(name, dataset[name]);
  const form = dataset.form && document.querySelector(dataset.form);
  if (form) form.after(made);
  else document.body.append(made);
}
