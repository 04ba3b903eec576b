// Which form is a contact form, where the owner names none.

import { all, attributes, isArea, isLine, isList, isShown, names, points, up, written } from "./fields.js";
import { plain, says } from "./field-words.js";

const ENOUGH = 2; // points
const UNFIT = "[type=password], [type=search]:not([role=combobox]), [autocomplete^=cc-]"; // login, search, payment
const APP = /application/gi; // in a class, the page's own program and nobody's request for a job
const HEADS = "legend, h1, h2, h3, h4, button, [type=submit]";
const MANY = 4; // radio buttons, as in surveys

const isPage = ({ localName }) => /^(html|body)$/.test(localName);
const isClean = (form) => !all(form, UNFIT).some(isShown);

/** Return what a form is called: by itself, by the boxes around it, by its headings and buttons. */
function callOf(form) {
  const own = ["id", "name", "action", "aria-label"].map((name) => form.getAttribute(name));
  const boxes = [form, up(form), up(up(form))].filter((box) => box && !isPage(box));
  const around = boxes.map((box) => `${box.getAttribute("id")} ${box.getAttribute("class")}`.replace(APP, ""));
  return plain([...own, ...around, ...all(form, HEADS).map((one) => one.value || one.textContent)].join(" "));
}

/** Return true if visitors write to people in a form: not in one for comments, surveys, reviews or payments. */
function isContact(form, enough = ENOUGH) {
  if (!isClean(form) || form.getAttribute("role") === "search") return false;
  const fields = written(form).filter((field) => !says("trap", plain(attributes(field))));
  const most = (fits, ...kinds) => {
    return Math.max(0, ...fields.filter(fits).map((field) => points(names(field, form), ...kinds)));
  };
  const areas = fields.filter(isArea);
  const message = most(areas.length ? isArea : isLine, "message", "remark");
  if (!message && !areas.length) return false;
  const called = callOf(form);
  const page = plain(form.ownerDocument.title + location.pathname);
  const marks = [
    [2, message >= 2], [1, message >= 1 && message < 2],
    [2, most((field) => isLine(field) || isList(field), "subject", "perhaps") > 1],
    [1, fields.some((field) => field.type === "email" || /mail/.test(names(field, form)))],
    [2, says("contact", called)], [1, says("contact", page)],
    [-4, says("others", called)], [-1, all(form, "[type=radio]").length > MANY],
  ];
  return marks.reduce((sum, [weight, is]) => sum + weight * is, 0) >= enough;
}

/** Return the contact form among some. */
export const guess = (forms) => forms.find((form) => isContact(form));

/** Return the contact form that an event's path leads to. */
export function contactForm(path) {
  const form = path[0].form ?? path.find(({ localName }) => localName === "form");
  if (form && isClean(form)) return guess([form]);
  // One form around the whole page, or none: the part of it that is a contact form.
  const end = path.findLastIndex((node) => node === form || node.localName === "body");
  const boxes = path.slice(1, end).filter((node) => node.nodeType === 1 && !isPage(node));
  return (form ? boxes.reverse() : boxes).find((box) => isContact(box, ENOUGH + 1));
}
