// What the browser keeps for the widget.

/** Read a value that the browser keeps, or write it; null removes it. Storage may be full or forbidden. */
export function kept(key, value, area = "sessionStorage") {
  try {
    if (value === undefined) return JSON.parse(window[area][key] ?? null);
    if (value === null) delete window[area][key];
    else window[area][key] = JSON.stringify(value);
  } catch {}
  return value;
}
