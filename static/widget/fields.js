// Which fields of a form are the subject and the message, and what was written in them.

import { plain, says } from "./field-words.js";

const EDITOR = "[contenteditable]:not([contenteditable=false])";
const WRITTEN = `input, textarea, select, iframe, [role=combobox], ${EDITOR}`; // in any of these something is written
const BUTTONS = ["hidden", "submit", "button", "image", "reset", "checkbox", "radio", "file", "range", "color"];
const LINES = ["text", "search"]; // types of input that may hold a subject
const UNREAD = `script, style, button, option, textarea, [role=toolbar], [role=listbox], ${EDITOR}`;
const NOTHING = /^[^\p{L}\d]*$|^[\s–—-]/u; // texts of options that stand for no choice
const CHOOSE = /^(please|choose|select|pick|bitte|wähl|selec|choisi|selez|escolh|kies|wybierz|vyber|выбер)/i;
const SALUTATION = / (mrs?|ms|herr|frau|mme|sra?|sig|dr) /; // among the options of a list that is called "Title"
const CALLED = /^id$|name|model|^autocomplete$/; // attributes: also of Angular, Alpine, Livewire
const LARGE = 200; // characters of a text that may be a label
const touched = new WeakSet(); // what the visitor wrote in, which may be hidden by now, as in forms of several steps

/** Return the element around a node, also out of a shadow root. */
export const up = (node) => node?.parentElement ?? node?.getRootNode().host;

/** Remember that the visitor wrote in a field. */
export const touch = (field) => touched.add(field);

/** Return what matches in a tree and in its open shadow roots. */
export function all(root, selector) {
  const found = [...(root.shadowRoot ? all(root.shadowRoot, selector) : []), ...root.querySelectorAll(selector)];
  for (const { shadowRoot, localName } of root.querySelectorAll("*")) {
    if (shadowRoot && localName !== "help-widget") found.push(...all(shadowRoot, selector));
  }
  return found;
}

/** Return all that can be written in within a form, also what belongs to it by the attribute `form`. */
export function written(form) {
  const found = [...all(form, WRITTEN), ...Array.from(form.elements ?? []).filter((field) => field.matches(WRITTEN))];
  return [...new Set(found)].filter((field) => !BUTTONS.includes(field.type) && !up(field)?.isContentEditable);
}

/** Return the document in an editor's frame, or undefined. */
export function inside(frame) {
  const { body } = (frame.localName === "iframe" && frame.contentDocument) || {};
  return body?.isContentEditable ? body : undefined;
}

/** Return true for an editor: an element with marked text, or a frame around one. */
export const isEditor = (field) => field.isContentEditable || inside(field);

// Names --------------------------------------------------------------------------------------------------------------

/** Return the text of an element without that of its buttons, options and fields. */
function textIn(node) {
  if (node.nodeType === 3) return node.data;
  if (node.nodeType !== 1 || node.matches(UNREAD)) return "";
  return [...node.childNodes].map(textIn).join(" ");
}

/** Return the text of the field's own label, by whatever means the page ties the two together. */
function labelOf(field) {
  const ids = (field.getAttribute("aria-labelledby") ?? "").split(" ");
  const named = ids.map((id) => id && field.getRootNode().getElementById?.(id)).filter(Boolean);
  const labels = [...(field.labels ?? []), ...named].map(textIn);
  return [...labels, field.ariaLabel, field.getAttribute("label")].join(" ").trim();
}

export const attributes = ({ attributes: all }) => {
  return [...all].filter(({ name }) => CALLED.test(name)).map(({ value }) => value).join(" ");
};

/** Return the text around a field up to the next one: before it, or behind it in a box that holds no other. */
function around(field, form) {
  let box = field;
  const isOne = (next) => [...next.querySelectorAll(WRITTEN)].filter(isShown).length < 2;
  for (let next = up(box); next && next !== form && isOne(next); next = up(next)) box = next;
  let text = box === field ? "" : textIn(box);
  for (let node = box.previousSibling; node && !text.trim(); node = node.previousSibling) {
    const fields = [node, ...(node.querySelectorAll?.(WRITTEN) ?? [])].filter((one) => one.matches?.(WRITTEN));
    if (fields.some(isShown)) break;
    text = fields.map((one) => `${labelOf(one)} ${attributes(one)}`).join(" ") + textIn(node);
  }
  return text.slice(0, LARGE);
}

/** Return what a field is called, surest first: label, attributes, placeholder, text around it. */
export function names(field, form) {
  const label = labelOf(field);
  const loose = [field.getAttribute("placeholder"), field.title, field.dataset.placeholder].join(" ");
  const near = !label || isEditor(field) ? around(field, form) : "";
  return [label.slice(0, LARGE), attributes(field), loose, near].map(plain);
}

// Fields that a person sees -----------------------------------------------------------------------------------------

const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });
export const isShown = (field) => !BUTTONS.includes(field.type) && isVisible(field);

/** Return true if an element takes no place on the page, or one that nobody reaches. */
function isAway(element) {
  const { width, height, right, bottom, left } = element.getBoundingClientRect();
  const { opacity, clip, clipPath, overflow, display, direction } = getComputedStyle(element);
  if (display === "contents") return false;
  const isTiny = (width < 3 || height < 3) && overflow !== "visible";
  const isClipped = /^rect\((0|1)px,? (0|1)px/.test(clip) || /inset\((50|100)%|circle\(0/.test(clipPath);
  const { scrollX, scrollY, innerWidth } = element.ownerDocument.defaultView;
  const isOut = direction === "rtl" ? Math.abs(left) > 5000 : right + scrollX <= 0 || left > 1.9 * innerWidth;
  return opacity < 0.1 || isTiny || isClipped || isOut || bottom + scrollY < -400;
}

/** Return true unless a field is hidden, a trap for robots or a captcha's. */
function isReal(field, form) {
  const { id, className } = field;
  if (says("trap", plain(`${attributes(field)} ${className} ${labelOf(field)}`))) return false;
  if (touched.has(field)) return true;
  const isNative = field.localName === "select"; // a list of the page's own may stand for it, and only its box is seen
  const seen = isNative ? up(field) : field;
  const { width, height } = seen.getBoundingClientRect();
  if (field.matches(":disabled") || !isVisible(seen) || width < 3 || height < 3) return false;
  if (!isNative && field.tabIndex < 0 && !isEditor(field)) return false;
  for (let box = seen; box && box !== form; box = up(box)) {
    if (box.inert || box.getAttribute("aria-hidden") === "true" || isAway(box)) return false;
    if (says("trap", plain(`${box.id} ${box.getAttribute("class")}`)) && written(box).length < 2) return false;
  }
  return true;
}

// The choice ---------------------------------------------------------------------------------------------------------

const WEIGHTS = [4, 3, 2, 2]; // of the names
const EDITED = 3; // points of an editor: few are anything but the message
const LINE = 4; // points that a line lacks: it is the message where nothing larger is

/** Return points: for a sure word, for a possible one, and less where the name says something else. */
export function points(texts, sure, perhaps) {
  const each = (text) => {
    const is = says(sure, text) ? 1 : says(perhaps, text) ? 0.4 : 0;
    return says("other", text) ? (is === 1 ? 0.1 : -0.5) : is;
  };
  return texts.reduce((sum, text, index) => sum + WEIGHTS[index] * each(text), 0);
}

const best = (fields, rate) => {
  const rated = fields.map(([field, texts]) => [field, rate(field, texts)]);
  return rated.reduce((a, b) => (b[1] > a[1] ? b : a), [undefined, 0]);
};

export const isLine = (field) => field.localName === "input" && LINES.includes(field.type);
export const isArea = (field) => field.localName === "textarea" || isEditor(field);
export const isList = (field) => field.localName === "select" || field.getAttribute("role") === "combobox";

const isSalutation = (field) => SALUTATION.test(plain(field.textContent.slice(0, LARGE)));
const isChosen = (field) => isList(field) && textOf(field) && !isSalutation(field);

/** Return the fields of a form that hold the subject and the message, each with its points; either may be missing. */
export function fieldsOf(form, typed) {
  const fields = written(form).filter((field) => isReal(field, form)).map((field) => [field, names(field, form)]);
  const [body, sure] = best(fields, (field, texts) => {
    const found = points(texts, "message", "remark");
    const { width, height } = field.getBoundingClientRect();
    const more = (isEditor(field) ? EDITED : 0) + (field === typed ? 0.2 : 0) + (width * height) / 1e7;
    const title = Math.max(0, points(texts, "subject", "subject"));
    return isArea(field) ? found + more - title : isLine(field) && !title && found - LINE;
  });
  const others = fields.filter(([field]) => field !== body);
  const titled = (fits, perhaps) => {
    return best(others, (field, texts) => fits(field) && points(texts, "subject", perhaps))[0];
  };
  const subject = titled(isLine, "perhaps") ?? titled(isChosen, "perhaps") ?? titled(isArea, "subject");
  return { subject, body, sure };
}

/** Return what was written in a field or chosen from a list. */
export function textOf(field) {
  if (isEditor(field)) return (inside(field) ?? field).innerText; // Trix has a value with tags
  if (!isList(field) || field.localName === "input") return field.value;
  const { text, value, index } = field.selectedOptions?.[0] ?? { text: field.innerText, value: "-", index: 0 };
  return !value || NOTHING.test(text) || (!index && CHOOSE.test(text)) ? "" : text;
}
