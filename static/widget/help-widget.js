// <help-widget>: paints its button or waits at the owner's form, and fetches the rest when a visitor uses either.

const BASE = new URL("../../", import.meta.url).href;
const LABELS = { de: "Hilfe", es: "Ayuda", ar: "مساعدة" };
const ATTRIBUTES = "form subject body email category success src lang theme position label mode token words consent";
const METHODS = ["open", "close", "article", "search", "suggest", "prefill"];
const PATIENT = 3000; // ms until a form that is still missing is reported
const FORM = ["form", "embedded", "service", "draft", "words", "dom", "look", "offers", "place"];
const FILES = { Form: FORM, Panel: ["panel", "home", "panel-words", "reader", "write", ...FORM] };

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
  #files = {};
  #parts = {};

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this.#life = new AbortController();
    this.#parts = {};
    this.service = null;
    this.root = Object.assign(document.createElement("div"), { id: "root" });
    this.root.lang = this.language;
    this.root.dir = /^(ar|fa|he|ur)\b/.test(this.language) ? "rtl" : "ltr";
    this.shadowRoot.replaceChildren(document.createElement("slot"), this.root);
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

  /** Fetch and build the form's or the panel's part, once. A failure is final, and reported once. */
  part(name) {
    return (this.#parts[name] ??= this.#build(name));
  }

  async #build(name) {
    const [parts] = await this.#fetch(name);
    const { EmbeddedService } = await import("./embedded.js");
    this.service ??= new EmbeddedService(this);
    const part = new parts[name](this);
    await part.ready;
    return part;
  }

  // All files of a part at once: as they import each other, they would come one after the other.
  #fetch(name) {
    this.#files[name] ??= Promise.all(FILES[name].map((file) => import(`./${file}.js`))).catch((error) => {
      console.warn(`help-widget: ${error.message}; is its origin in script-src, and up?`);
      throw error;
    });
    return this.#files[name];
  }

  #wait() {
    const { life: signal } = this;
    let form;
    const typed = (event) => {
      const path = event.composedPath(); // gone once the event is over
      if (form) form.typed(event, path);
      else this.part("Form").then((made) => (form = made).typed(event, path), () => {});
    };
    for (const type of ["input", "compositionend"]) {
      document.addEventListener(type, typed, { signal, capture: true, passive: true });
    }
    document.addEventListener("focusin", (event) => this.#focused(event.target), { signal });
    if (hasDraft()) this.part("Form").then((form) => form.restore(), () => {});
    if (this.getAttribute("form")) setTimeout(() => signal.aborted || this.#find(), PATIENT);
  }

  // A visitor who enters the form will type: fetch the files before the first pause needs them.
  #focused(field) {
    const form = field.closest(this.getAttribute("form") || "form");
    if (form?.querySelector("textarea") && navigator.userActivation?.hasBeenActive !== false) {
      this.#fetch("Form").catch(() => {}); // reported already; the form works without
    }
  }

  #find() {
    const selector = this.getAttribute("form");
    if (document.querySelector(selector)) return;
    console.warn(`help-widget: form="${selector}" matches nothing; leave it empty to have the form guessed`);
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
