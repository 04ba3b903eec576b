// What is kept of a form: the draft of this page and this form, until it was sent, reset or emptied.

import { named, restoreDraft, saveDraft, sweep } from "./draft.js";
import { masked } from "./secrets.js";
import { Sending } from "./sending.js";
import { kept } from "./storage.js";

const DRAFT = "help-widget:draft";
const FROM = /^(utm_|_g|gclid|gad_|fbclid|msclkid|mc_)/; // parameters that say where a visitor came from

export class Keep {
  #touched = new Set(); // names of the fields in which the visitor typed

  /** `view` is the form; see form.js. */
  constructor(view) {
    this.view = view;
    this.sending = new Sending(view, () => this.forget());
    sweep(DRAFT);
  }

  /** Fill in what was typed into this form earlier. */
  refill() {
    const { view } = this;
    this.key = this.#key();
    view.closed ??= kept(this.key)?.[" closed"];
    for (const name of restoreDraft(this.key, named(view.fields()))) this.#touched.add(name);
    this.sending.watch();
  }

  /** Keep the text; `sent` says that the page let a submit through. */
  save(sent) {
    const { view } = this;
    const fields = named(view.fields());
    for (const [name, field] of fields) if (view.touched.has(field)) this.#touched.add(name);
    if (view.isHere && view.form.isConnected) {
      const key = this.#key();
      if (key !== this.key) kept(this.key, null); // the page has another address now, but the form is the same
      this.key = key;
    }
    const typed = fields.filter(([name, field]) => this.#touched.has(name) || !("defaultValue" in field));
    saveDraft(this.key, typed, { " sent": sent, " closed": view.closed && masked(view.closed) });
  }

  forget() {
    if (this.key) kept(this.key, null);
    this.#touched.clear();
    this.view.forgotten();
  }

  // The address, with the query and the route by which many sites tell pages, then the form's names or place.
  #key() {
    const { form, own } = this.view;
    if (own) return `${DRAFT} own`;
    const query = new URLSearchParams(location.search);
    for (const name of [...query.keys()]) if (FROM.test(name)) query.delete(name);
    const of = (name) => form.getAttribute(name)?.split("?")[0];
    const forms = form.getRootNode().querySelectorAll(form.localName);
    const name = of("id") || of("name") || [...forms].indexOf(form);
    return [DRAFT, this.view.page, query, form.localName, name, of("action")].join(" ");
  }
}
