// At a ticket: a link to a suggested article goes into the answer where the caret is, by a press or by Alt and its number.

const body = document.getElementById("body");
const said = document.getElementById("inserted");
const article = document.getElementById("article");
const buttons = [...document.querySelectorAll("[data-link]")];

function insert(button) {
  const before = body.value.slice(0, body.selectionStart);
  const text = (before && !/\s$/.test(before) ? " " : "") + button.dataset.link;
  body.focus();
  if (!document.execCommand("insertText", false, text)) body.setRangeText(text, body.selectionStart, body.selectionEnd, "end"); // the first can be undone
  if (article) article.value = button.value;
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
  const button = event.altKey && !event.ctrlKey && !event.metaKey && buttons[/^Digit([1-9])$/.exec(event.code)?.[1] - 1];
  if (!button) return;
  event.preventDefault();
  insert(button);
});
