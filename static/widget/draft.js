// Drafts: the text typed into a form is kept in this tab until it is sent, for a day, and without what is secret.

import { isSecret, masked } from "./secrets.js";
import { kept } from "./storage.js";

const DAY = 8.64e7; // ms
const AT = " at"; // no field has such a name

/** Return [name, field] pairs with names that no other field has: kind, name and label. */
export function named(fields) {
  const taken = {};
  return fields.map((field) => {
    const text = field.labels?.[0]?.textContent.replace(field.textContent, ""); // React puts what is typed there, too
    const label = text?.replace(/\d+/g, "").trim().slice(0, 20);
    const name = [field.localName, field.type, field.name || field.id, label].join(" ");
    taken[name] = (taken[name] ?? 0) + 1;
    return [name + taken[name], field];
  });
}

/** Keep the values of [name, field] pairs under a key. */
export function saveDraft(key, fields, more) {
  const values = fields.filter(([, field]) => field.value && !isSecret(field)).map(([name, { value }]) => {
    const rest = masked(value);
    return [name, rest === value || /\p{L}/u.test(rest) ? rest : ""];
  }).filter(([, value]) => value);
  kept(key, values.length ? { ...Object.fromEntries(values), ...more, [AT]: Date.now() } : null);
}

/** Fill the empty fields from a draft of the same form; returns the names of the fields that it has. */
export function restoreDraft(key, fields) {
  const draft = kept(key) ?? {};
  const names = Object.keys(draft).filter((name) => name[0] !== " ");
  const there = fields.filter(([name]) => names.includes(name));
  if (!(draft[AT] > Date.now() - DAY) || there.length * 2 < names.length) return [];
  for (const [name, field] of there) {
    if (field.value || isSecret(field)) continue;
    const plain = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
    plain.set.call(field, draft[name]); // React replaces the field's own setter
    field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }
  return there.map(([name]) => name);
}

/** Forget the drafts whose keys begin so, if they are a day old, or sent before this page was opened anew. */
export function sweep(prefix) {
  const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  try {
    for (const key of Object.keys(sessionStorage).filter((key) => key.startsWith(prefix))) {
      const draft = kept(key);
      if (!(draft?.[AT] > Date.now() - DAY) || (isNew && draft[" sent"])) kept(key, null);
    }
  } catch {}
}
