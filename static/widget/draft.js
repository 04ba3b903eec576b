// Drafts: the text typed into a form is kept in this tab until it is sent.

/** Read a value that the browser keeps, or write it; null removes it. Storage may be full or forbidden. */
export function kept(key, value, area = "sessionStorage") {
  try {
    if (value === undefined) return JSON.parse(window[area][key] ?? null);
    if (value === null) delete window[area][key];
    else window[area][key] = JSON.stringify(value);
  } catch {}
  return value;
}

/** Keep the values of [name, field] pairs under a key. */
export function saveDraft(key, fields, more) {
  kept(key, { ...Object.fromEntries(fields.map(([name, { value }]) => [name, value])), ...more });
}

/** Fill the empty fields from a draft; returns the draft. */
export function restoreDraft(key, fields) {
  const draft = kept(key) ?? {};
  for (const [name, field] of fields) {
    if (field.value || !draft[name]) continue;
    const plain = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
    plain.set.call(field, draft[name]); // React replaces the field's own setter
    field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }
  return draft;
}
