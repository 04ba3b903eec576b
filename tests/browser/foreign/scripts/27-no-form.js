import { client, React } from "/dist/react.js";

const h = React.createElement;

function Field({ label, name, kind = "input" }) {
  const [value, set] = React.useState("");
  return h("label", {}, label, h(kind, { name, value, onChange: (event) => set(event.target.value) }));
}

client.createRoot(document.getElementById("app")).render(h("div", { className: "card" },
  h(Field, { label: "Subject", name: "subject" }), h(Field, { label: "Message", name: "message", kind: "textarea" }),
  h(Field, { label: "Email", name: "email" }), h("button", { type: "button" }, "Send")));
