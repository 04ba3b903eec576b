// The words of the cards in English; words/*.json hold the other languages.

export const english = {
  close: "Close",
  offers: "This may solve it",
  offered: "Answers found: {n}",
  not_this: "Not this",
  glad: "Great! Nothing was sent, and your text is still here.",
  hidden: "We won't show this here again.",
  undo: "Undo",
  little: "a an the and or so to of in on at by for from with as is am are was be i my me we our you your it this",
};
