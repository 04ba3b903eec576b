// Lines for the owner of the page, each with its remedy, where no form or no field could be found.

import { guess } from "./contact-forms.js";
import { all } from "./fields.js";

const attribute = (name, value) => (value ? ` ${name}="${value}"` : "");
const named = ({ localName, id, src }) => `<${localName}${attribute("id", id)}${attribute("src", src)}>`;
const formOf = ({ selector }) => (selector ? all(document, selector)[0] : guess([...document.forms]));

/** Say why nothing is offered where the visitor types. */
export function unfit(host, path) {
  const [field] = path;
  if (field.localName.includes("-") && !field.shadowRoot && !field.isContentEditable) {
    host.warn(`the field in ${named(field)} is in a closed shadow root; open it with attachShadow({ mode: "open" })`);
  } else if (!host.selector && !formOf(host) && (field.localName === "textarea" || field.isContentEditable)) {
    host.warn(`${named(field)} is in no form that looks like a contact form; name the form with form="#its-id"`);
  }
}

/** Say that what is typed in a frame stays there. */
export function foreign(host, frame) {
  if (formOf(host)) return;
  const why = frame.hasAttribute("sandbox") ? "is sandboxed" : "comes from another origin";
  host.warn(`${named(frame)} ${why}; put the line into the framed page`);
}

/** Say which address the page's Content-Security-Policy must allow. */
function forbidden(host, { effectiveDirective, blockedURI, disposition }) {
  const { origin } = new URL(blockedURI);
  if (disposition === "report" || ![host.base, import.meta.url].some((own) => own.startsWith(`${origin}/`))) return;
  host.warn(`add ${origin} to ${effectiveDirective.replace("-elem", "")} of this page's Content-Security-Policy`);
}

/** Say that the owner's selector finds no form, and what may be wrong; or which violation of a policy was ours. */
export function start(host, violation) {
  if (violation) return forbidden(host, violation);
  if (host.life.aborted || formOf(host)) return; // in an open shadow root
  const selector = host.getAttribute("form");
  const frame = document.querySelector("iframe");
  const also = frame ? `; for a form in ${named(frame)}, put the line into the framed page` : "";
  host.warn(`form="${selector}" matches nothing; leave it empty to have the form guessed${also}`);
}
