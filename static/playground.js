// The widget's playground: each choice shows at once in the preview and in the lines to paste.

const form = document.getElementById("choose");
const frame = document.getElementById("frame");
const lines = document.getElementById("snippet");
const copy = document.getElementById("copy");
let clock;

async function show() {
  const query = new URLSearchParams(new FormData(form));
  frame.contentWindow.location.replace(`${form.dataset.preview}?${query}`);
  history.replaceState(null, "", `?${query}`);
  const answer = await fetch(`${form.dataset.lines}?${query}`);
  if (answer.ok && !answer.redirected) lines.textContent = await answer.text();
}

function fit() {
  const shape = form.elements.shape.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(shape);
}

form.addEventListener("input", () => {
  fit();
  clearTimeout(clock);
  clock = setTimeout(show, 300);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
copy.addEventListener("click", async () => {
  getSelection().selectAllChildren(lines);
  try {
    await navigator.clipboard.writeText(lines.textContent);
    document.getElementById("copied").textContent = "Copied";
  } catch {
    document.getElementById("copied").textContent = "The lines are selected: copy them";
  }
});
copy.hidden = false;
form.querySelector("[type=submit]").hidden = true;
fit();
