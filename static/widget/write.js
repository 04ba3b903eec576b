// The panel's contact form: its text is kept as a draft, and cards appear below it.

import { h } from "./dom.js";
import { Form } from "./form.js";
import { uuid } from "./service.js";
import { kept } from "./storage.js";

import("./keep.js").catch(() => {}); // while the visitor reads the panel: the first key is kept, too

const KEY = "help-widget:key";
const LONGEST = 50000; // characters of a message
const MOST = 60000; // bytes of all that is sent; the API takes 64 KB
let sending; // the message that was not accepted yet, with its key

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
  const check = () => {
    const long = excess(Object.fromEntries(new FormData(form)));
    alert.textContent = long ? words.long.replace("{n}", long.toLocaleString(host.language)) : "";
    return long;
  };
  const submit = async (event) => {
    event.preventDefault();
    if (check()) return form.elements.body.focus();
    button.disabled = true;
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
    field("body", "textarea", { rows: 6, input: () => check() }),
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

// Return the characters that are too many, or 0.
function excess(message) {
  const bytes = new Blob([JSON.stringify(message)]).size;
  const { length } = message.body;
  return Math.max(0, length - LONGEST, bytes > MOST && Math.ceil(((bytes - MOST) * length) / bytes));
}

// The same message is one ticket, however often it is sent: it keeps its key until it has arrived, also over a reload
// unless it holds a secret.
async function send(service, message) {
  const text = JSON.stringify(message);
  const known = sending ?? kept(KEY);
  sending = known?.text === text ? known : { text, key: uuid() };
  const { masked } = await import("./keep.js").catch(() => ({ masked() {} })); // without it, nothing is kept
  kept(KEY, masked(text) === text ? sending : null);
  const { key } = sending;
  const body = { ...service.context, ...message };
  const headers = { "Idempotency-Key": key, "Content-Type": "application/json" };
  const { ticket } = await service.call("tickets", { headers, body });
  kept(KEY, (sending = null));
  return ticket;
}
