// A ticket's page: a click, or Alt and a digit, inserts the link to a suggested article into the answer at the caret.

const body = document.getElementById("body");
const said = document.getElementById("inserted");
const article = document.getElementById("article");
const buttons = [...document.querySelectorAll("[data-link]")];

function insert(button) {
  const before = body.value.slice(0, body.selectionStart);
  const text = (before && !/\s$/.test(before) ? " " : "") + button.dataset.link;
  body.focus();
  const undoable = document.execCommand("insertText", false, text);
  if (!undoable) body.setRangeText(text, body.selectionStart, body.selectionEnd, "end");
  if (article) article.value = button.value;
  body.dispatchEvent(new Event("input", { bubbles: true }));
  said.textContent = `Inserted: ${button.dataset.title}`;
}

for (const [n, button] of buttons.entries()) {
  if (n < 9) button.setAttribute("aria-keyshortcuts", `Alt+${n + 1}`);
  button.querySelector("kbd").hidden = n > 8;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    insert(button);
  });
}

addEventListener("keydown", (event) => {
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  const button = event.altKey && !event.ctrlKey && !event.metaKey && buttons[digit - 1];
  if (!button) return;
  event.preventDefault();
  insert(button);
});
