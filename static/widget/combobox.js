// The options below a search field: the arrow keys walk through them and back to the field, which keeps the focus.

/** Make the option at an index the active one, or none where the index is that of the field. */
export function activate(field, options, index) {
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  const active = options[index];
  if (active) {
    field.setAttribute("aria-activedescendant", active.id);
    active.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

/** Return the index that an arrow key leads to among `count` options: -1 is the field, undefined another key. */
export function walked(key, index, count) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  return step && ((index + 1 + step + count + 1) % (count + 1)) - 1;
}
