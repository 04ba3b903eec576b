// The words of the cards in English; words/*.json hold the other languages.

export const english = {
  close: "Close",
  offers: "This may answer it",
  offered: "Answers found: {n}",
  not_this: "Not this",
  glad: "Good. Nothing was sent, and your text is still there.",
  hidden: "We will not show that here again.",
  undo: "Undo",
};
