// <help-widget>: paints its button, or waits at the owner's form, and fetches the rest when a visitor reaches for it.

const BASE = new URL("../../", import.meta.url).href;
const LABELS = { de: "Hilfe", es: "Ayuda", ar: "مساعدة" };
const ATTRIBUTES = "form subject body email category success src lang theme position label mode token words consent".split(" ");
const METHODS = ["open", "close", "article", "search", "suggest", "prefill"];
const PATIENT = 3000; // ms after which a form that is not there yet is worth a line

// Tokens come first and with !important, since only so the page's own `*` and `all: unset` cannot reach in.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: inline !important; visibility: visible !important; opacity: 1 !important; filter: none !important; transform: none !important; color-scheme: light dark !important; }
:host([theme=light]) { color-scheme: light !important; }
:host([theme=dark]) { color-scheme: dark !important; }
slot { visibility: hidden; }
#root { all: initial; position: absolute; color-scheme: inherit;
  --accent: var(--help-accent, light-dark(#0b6b4f, #5fd0a5)); --on-accent: var(--help-on-accent, light-dark(#fff, #06251a));
  font: 400 var(--help-font-size, 16px)/1.5 var(--help-font, system-ui, sans-serif); }
[part=button] { all: unset; box-sizing: border-box; position: fixed; z-index: var(--help-z, 2147483000);
  inset-block-end: 0; inset-inline-end: 0; margin: var(--help-offset, 20px);
  display: inline-flex; align-items: center; gap: 8px; min-height: 48px; padding: 8px 20px 8px 16px; border-radius: 99px; border: 1px solid transparent;
  background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; user-select: none;
  box-shadow: 0 6px 20px #0003; }
[part=button]::before { content: "?"; display: grid; place-items: center; width: 22px; height: 22px; border: 2px solid; border-radius: 50%; font-size: 14px; line-height: 1; }
[part=button]:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
:host([position$=start]) [part=button] { inset-inline: 0 auto; }
:host([position=inline]) :is(#root, [part=button]) { position: static; box-shadow: none; }
@media print { #root { display: none; } }
`);

class HelpWidget extends HTMLElement {
  #life;
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

  /** The page's own word that its form was really sent. */
  sent() {
    return this.part("Form").then((form) => form.sent());
  }

  /** Fetch the rest once, and build a part of it once: the form's or the panel's. What failed stays so, and is told once. */
  part(name) {
    return (this.#parts[name] ??= import("./help.js").then(
      async (help) => {
        this.service ??= new help.Service(this);
        const part = new help[name](this);
        await part.ready;
        return part;
      },
      (error) => {
        console.warn(`help-widget: ${error.message}; is its origin in script-src, and up?`);
        throw error;
      },
    ));
  }

  #wait() {
    const { life: signal } = this;
    let form;
    const typed = (event) => {
      const path = event.composedPath(); // gone once the event is over
      if (form) form.typed(event, path);
      else this.part("Form").then((made) => (form = made).typed(event, path), () => {});
    };
    for (const type of ["input", "compositionend"]) document.addEventListener(type, typed, { signal, capture: true, passive: true });
    if (kept()) this.part("Form").then((form) => form.restore(), () => {});
    const selector = this.getAttribute("form");
    if (selector) setTimeout(() => signal.aborted || document.querySelector(selector) || console.warn(`help-widget: form="${selector}" matches nothing; leave it empty to have the form guessed`), PATIENT);
  }

  #paint() {
    const button = document.createElement("button");
    button.part = "button";
    button.type = "button";
    button.ariaHasPopup = "dialog";
    button.textContent = this.getAttribute("label") || this.textContent.trim() || LABELS[this.root.lang.slice(0, 2)] || "Help";
    const ready = () => this.part("Panel").catch(() => {});
    for (const intent of ["pointerenter", "focus", "touchstart"]) button.addEventListener(intent, ready, { once: true, passive: true });
    button.addEventListener("click", () => this.open().catch(() => location.assign(this.base)));
    this.root.append(button);
  }
}

for (const name of METHODS) {
  HelpWidget.prototype[name] = async function (...values) {
    return (await this.part("Panel"))[name](...values);
  };
}

// Only looking: what a visitor typed earlier in this tab is there, or nothing of ours is.
function kept() {
  try {
    return Object.keys(sessionStorage).some((key) => key.startsWith("help-widget:"));
  } catch {
    return false;
  }
}

if (!customElements.get("help-widget")) customElements.define("help-widget", HelpWidget);

// One tag, for editors that strip unknown elements: <script type="module" src="…/help-widget.js" data-form="#contact">.
for (const { src, dataset } of document.scripts) {
  if (src !== import.meta.url || !("form" in dataset || "label" in dataset || "position" in dataset)) continue;
  const made = document.createElement("help-widget");
  for (const name of ATTRIBUTES) if (name in dataset) made.setAttribute(name, dataset[name]);
  const form = dataset.form && document.querySelector(dataset.form);
  if (form) form.after(made);
  else document.body.append(made);
}
