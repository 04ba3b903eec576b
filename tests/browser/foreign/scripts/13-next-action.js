import { client, React } from "/dist/react.js";

const h = React.createElement;
const field = (label, name, kind = "input") => h("label", { key: name }, label, h(kind, { name }));
const send = (data) => fetch("/send", { method: "POST", body: data });

client.createRoot(document.getElementById("app")).render(h("form", { action: send },
  field("Subject", "subject"), field("Message", "message", "textarea"), field("Email", "email"), h("button", {}, "Send")));
