// The words of the cards in English; words/*.json hold the other languages. A number has a text for each plural form.

/** Return the text for a number, in the plural form that the language `lang` has for it. */
export function plural(forms, n, lang) {
  const known = /^[a-z]{2}/i.exec(lang)?.[0] ?? "en";
  const text = forms[new Intl.PluralRules(known).select(n)] ?? forms.other ?? forms;
  return text.replace("{n}", new Intl.NumberFormat(known).format(n));
}

export const english = {
  close: "Close",
  offers: "This may solve it",
  offered: { one: "{n} article may solve this", other: "{n} articles may solve this" },
  not_this: "Not this",
  glad: "Great! Nothing was sent, and your text is still here.",
  hidden: "We won't show this here again.",
  undo: "Undo",
  little: "a an the and or so to of in on at by for from with as is am are was be i my me we our you your it this",
};
