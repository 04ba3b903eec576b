// The panel's contact form: its text is kept as a draft, and cards appear below it.

import { h } from "./dom.js";
import { kept } from "./draft.js";
import { Form } from "./form.js";
import { uuid } from "./service.js";

const KEY = "help-widget:key";

/** Return the view with the form. */
export function writeView(panel) {
  const { words, host, values } = panel;
  const field = (name, tag, attributes) => {
    const made = h(tag, { name, required: name !== "name", ...attributes });
    made.value = values?.[name] ?? "";
    return h("label", {}, words[name], made);
  };
  const alert = h("p", { role: "alert" });
  const button = h("button", { class: "main" }, words.send);
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    alert.textContent = "";
    try {
      const ticket = await send(panel.service, Object.fromEntries(new FormData(form)));
      panel.showSent({ title: words.sent, nodes: [h("p", {}, words.number.replace("{ticket}", ticket))] });
      watch.sent({ ticket });
    } catch (error) {
      alert.textContent = words[error.word ?? "down"];
    }
    button.disabled = false;
  };
  const form = h(
    "form",
    { submit },
    field("subject", "input", { maxlength: 300 }),
    field("body", "textarea", { rows: 6, maxlength: 50000 }),
    field("email", "input", { type: "email", autocomplete: "email" }),
    field("name", "input", { autocomplete: "name" }),
    alert, button,
  );
  const watch = new Form(host, form, words);
  for (const type of ["input", "compositionend"]) {
    form.addEventListener(type, (event) => watch.typed(event, event.composedPath()));
  }
  watch.restore();
  return { title: words.write, nodes: [h("div", {}, form)], focus: form.elements.subject };
}

// The same message is one ticket, however often it is sent: it keeps its key until it has arrived.
async function send(service, message) {
  const text = JSON.stringify(message);
  const known = kept(KEY);
  const { key } = kept(KEY, known?.text === text ? known : { text, key: uuid() });
  const body = { ...service.context, ...message };
  const headers = { "Idempotency-Key": key, "Content-Type": "application/json" };
  const { ticket } = await service.call("tickets", { headers, body });
  kept(KEY, null);
  return ticket;
}
