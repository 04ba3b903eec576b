import { createApp } from "/npm/vue/dist/vue.esm-browser.prod.js";

createApp({
  data: () => ({ subject: "", message: "", email: "" }),
  template: `<form @submit.prevent="subject = message = ''"><label>Subject <input v-model="subject"></label>
    <label>Message <textarea v-model="message"></textarea></label>
    <label>Email <input type="email" v-model="email"></label><button>Send</button></form>`,
}).mount("#app");
