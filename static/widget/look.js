// Stylesheets of the widget's shadow root.

const sheets = {};

/** Put look.css and more stylesheets into a shadow root. A strict page refuses <style> there, but not this way. */
export async function dress({ adoptedStyleSheets }, ...more) {
  for (const sheet of await Promise.all(["look", ...more].map((name) => (sheets[name] ??= load(name))))) {
    if (!adoptedStyleSheets.includes(sheet)) adoptedStyleSheets.push(sheet);
  }
}

async function load(name) {
  const answer = await fetch(new URL(`${name}.css`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}.css: status ${answer.status}`);
  return new CSSStyleSheet().replace(await answer.text());
}
