// Whether a form was sent: the page let its submit through, or there are signs that a script has sent it.

const EVENTS = "wpcf7mailsent wpformsAjaxSubmitSuccess gform_confirmation_loaded nfFormSubmitResponse "
  + "submit_success fluentform_submission_success frmFormComplete forminator:form:submit:success "
  + "everest_forms_ajax_submission_success hs-form-event:on-submission:success turbo:submit-end "
  + "htmx:afterRequest ajax:success";
const REFUSALS = "wpcf7invalid wpcf7spam wpcf7mailfailed invalid";
const SENDS = "button, [type=button], [type=submit], [type=image], [role=button]";
const CANCELS = /cancel|close|back|reset|abbrech|schlie|zurück|annul|fermer|cerrar|atrás|chiudi|sluit|[×✕]/i;
const MODAL = "dialog, [role=dialog], [role=alertdialog], [aria-modal=true]";
const PATIENCE = 30000; // ms in which a script sends
const LOOK = 100;
const SAME = 1500; // ms in which a second sign is of the same sending

export class Sending {
  #try = null; // what the visitor began: a submit, or a press on a button

  /** `view` is the form; `forget` is called when the page emptied the form. */
  constructor(view, forget) {
    Object.assign(this, { view, forget, life: view.host.life });
    const told = (event) => this.#told(event);
    for (const name of EVENTS.split(" ")) this.#on(name, told);
    for (const name of REFUSALS.split(" ")) this.#on(name, () => (this.#try = null));
    this.#on("message", ({ data }) => data?.eventName === "onFormSubmitted" && this.#told({ data }));
    this.#on("navigate", (event) => this.#navigated(event), window.navigation);
    this.#on("keydown", ({ key }) => key === "Escape" && this.#acted());
    this.answers = new PerformanceObserver((list) => this.#answered(list.getEntries()));
    this.answers.observe({ type: "resource" });
    this.life.addEventListener("abort", () => this.answers.disconnect());
    this.#listen(window);
  }

  /** Listen to a form whose events stay in its shadow root or frame. */
  watch() {
    const root = this.view.form.getRootNode();
    if (root === document || this.root === root) return;
    this.root = root;
    this.#listen(root);
  }

  /** Decide what is open: the page goes. */
  leaving() {
    const began = this.#try;
    if (!began) return;
    const isLet = began.submit && (!began.submit.defaultPrevented || began.framed);
    const byScript = !window.navigation && !began.acted && performance.now() - began.at < 10000;
    if (isLet || byScript) this.#sent();
  }

  /** Note that the visitor goes on writing. */
  edited() {
    this.#acted();
  }

  stop() {
    clearInterval(this.clock);
    this.#try = null;
  }

  #on(type, act, target = window) {
    target?.addEventListener(type, act, { signal: this.life, capture: true, passive: true });
  }

  #listen(root) {
    this.#on("submit", (event) => event.composedPath()[0] === this.view.form && this.#submitted(event), root);
    this.#on("click", (event) => this.#clicked(event), root);
    this.#on("reset", (event) => {
      if (event.composedPath()[0] !== this.view.form) return;
      setTimeout(() => event.defaultPrevented || this.#look() || this.forget());
    }, root);
  }

  #begin(given) {
    const { view } = this;
    const { jQuery } = window;
    if (jQuery && this.jQuery !== jQuery) this.#hear((this.jQuery = jQuery));
    const at = performance.now();
    this.#try = { at, text: view.text(), ...given };
    view.over = false;
    clearInterval(this.clock);
    this.clock = setInterval(() => this.#look(), LOOK);
  }

  // Events by jQuery's trigger() reach no listener but its own.
  #hear(jQuery) {
    const names = [EVENTS, this.view.host.getAttribute("success")].join(" ");
    const told = (event, ...more) => event.originalEvent || this.#told(event, ...more);
    jQuery(document).on(names, told);
    this.life.addEventListener("abort", () => jQuery(document).off(names, told));
  }

  #submitted(event) {
    const { form } = this.view;
    const submitter = event.submitter ?? form;
    const target = submitter.getAttribute("formtarget") || form.getAttribute("target");
    const framed = target && form.ownerDocument.querySelector(`iframe[name="${CSS.escape(target)}"]`);
    const dialog = (submitter.getAttribute("formmethod") || form.getAttribute("method")) === "dialog";
    this.#begin({ submit: event, framed, weak: dialog });
    setTimeout(() => event.defaultPrevented || framed || dialog || (this.#try?.submit === event && this.#sent()));
  }

  // A press on a button in the form that submits nothing: a script may send.
  #clicked(event) {
    const { form, host } = this.view;
    const path = event.composedPath();
    if (!event.isTrusted || path.some((node) => node.localName === host.localName)) return;
    if (this.#acted() || !form) return;
    const button = path.find((node) => node.matches?.(SENDS));
    const name = button && (button.value || button.textContent || button.ariaLabel || "");
    if (!button || CANCELS.test([name, button.id]) || !path.includes(form.closest(MODAL) ?? form)) return;
    if (this.view.text()) this.#begin({ weak: true });
  }

  // Return true if the visitor did something else while a script may be sending.
  #acted() {
    const began = this.#try;
    if (began?.answered) this.#try = null;
    else if (began) began.acted = true;
    return this.#try && !this.#try.weak;
  }

  #answered(entries) {
    const began = this.#try;
    const isAnswer = ({ initiatorType, startTime, name, responseStatus }) => {
      const isOther = !name.startsWith(this.view.host.base);
      return /fetch|xmlh/.test(initiatorType) && startTime >= began.at && isOther && !(responseStatus >= 400);
    };
    if (began && entries.some(isAnswer)) began.answered = true;
  }

  // Look for signs: the form has gone, or is empty.
  #look() {
    const began = this.#try;
    const { view } = this;
    if (!began || performance.now() - began.at > PATIENCE) {
      if (began?.framed) this.#sent();
      return this.stop();
    }
    const isEmpty = began.text && !view.text();
    const isGone = !view.again() || !view.isSeen;
    if (!isEmpty && !isGone) return;
    if (began.weak || began.acted ? began.answered : began.submit) return this.#sent() ?? true;
    if (!began.late) return (began.late = true); // the browser tells of an answer after the page has used it
    if (isEmpty) this.forget();
    this.stop();
  }

  #told({ target, detail, data }, more) {
    const { form } = this.view;
    const isOurs = !target?.closest || target.contains(form) || form?.contains(target);
    if (!this.#try || !isOurs) return;
    const errors = Object.keys(more?.response?.errors ?? {}).length;
    if (errors || detail?.success === false || detail?.successful === false) this.stop();
    else this.#sent({ accepted: true, data });
  }

  #navigated({ formData, userInitiated, hashChange, navigationType, destination }) {
    const began = this.#try;
    const text = this.view.text();
    const isForm = formData && text && [...formData.values()].some((value) => value && text.includes(value));
    if (isForm) return this.#sent();
    if (!began || began.weak || userInitiated || hashChange || (began.acted && !began.answered)) return;
    if (navigationType === "push" || (navigationType === "replace" && !destination.sameDocument)) this.#sent();
  }

  #sent(how = {}) {
    const began = this.#try;
    const isNative = began?.submit && !began.submit.defaultPrevented && !began.framed;
    const isSame = performance.now() - this.at < SAME && (isNative || !began); // pressed twice, or seen twice
    this.stop();
    this.at = performance.now();
    if (!isSame) this.view.attempted(how.accepted, isNative);
  }
}
