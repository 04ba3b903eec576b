// Elements made by scripts. Text stays text; reader.js is the only place that takes HTML.

/** Make an element. A function becomes a listener, true an empty attribute; other falsy values but 0 are left out. */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value || value === 0) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Make a button that doesn't submit its form. */
export function press(text, click, style, label) {
  return h("button", { type: "button", class: style, "aria-label": label, title: label, click }, text);
}

/** Return the parts of a snippet, with the matching ones in <mark>. */
export function marked(snippet) {
  return snippet.map(({ text, mark }) => (mark ? h("mark", {}, text) : text));
}

/** Return true for a click that opens a link in another tab or window. */
export function opensElsewhere(event) {
  return event.ctrlKey || event.metaKey || event.shiftKey;
}

/** Return a hit as one link: title, section, and the sentence that matches. `href` is absolute, unlike the hit's. */
export function card(hit, href, open) {
  const click = (event) => {
    const elsewhere = opensElsewhere(event);
    if (!elsewhere) event.preventDefault();
    open(elsewhere);
  };
  const attributes = { part: "card", href, target: "_blank", rel: "noopener", lang: hit.lang, dir: "auto", click };
  const small = [hit.heading, hit.language].filter(Boolean).map((text) => h("small", {}, text));
  const parts = [h("b", {}, hit.title), ...small, h("span", {}, ...marked(hit.snippet))];
  return h("a", attributes, ...parts);
}
