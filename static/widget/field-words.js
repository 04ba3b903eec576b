// What fields and forms are called in English and by the commonest foreign words; world-words.js has the rest.

/** Return a name as small letters without accents, with one blank around each word. */
export function plain(text) {
  const apart = bare(text.replace(/(\p{Ll})(?=\p{Lu})/gu, "$1 ").toLowerCase());
  return ` ${apart.replace(/[^\p{L}\d]+/gu, " ").trim()} `;
}

const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC");
const known = {};
const tests = {};

/** Add words to the lists. "_" is the edge of a word; without it, parts of words match. */
export function learn(lists) {
  for (const [kind, list] of Object.entries(lists)) {
    known[kind] = `${known[kind] ? `${known[kind]}|` : ""}${bare(list).replaceAll("_", " ")}`;
    tests[kind] = new RegExp(known[kind], "u");
  }
}

/** Return true if a plain text has a word of a list. */
export const says = (kind, text) => tests[kind].test(text);

// A surely named subject, one perhaps; a message, and what may be one if nothing else is; other fields; traps for
// robots and fields of captchas; forms in which visitors write to people; forms for something else.
learn({
  subject: "subj|topic|short_desc|brief_|summary|headline|regarding|few_words|one_line|betreff|asunto|assunto|"
    + "sujet_|_objet_|_oggetto|onderwerp",
  perhaps: "title|titel|_object_|categor|reason|department|inquiry|enquiry|_issue|_type_|_kind_|_about_|concern|"
    + "_query|help_",
  message: "mess?ag|_mess_|mensaje|mensagem|nachricht|bericht|descri|_msg|help|happened|went_wrong|tell_us|proble|"
    + "issue|question|query|[ie]nquiry|content_|body_|request",
  remark: "comment|_note|_text_|detail|info|additional|feedback|remark",
  other: "_names?_|surname|_job|compan|_vat_|_mrs?_|phone|addres|shipping|street|hear[d_]|find_us|found_us|"
    + "signature|_cv_|resume_|cover_letter|_bio_|terms_|website|coupon|_tags?_|hours_",
  trap: "honey|_hp_|_bot_|captcha|turnstile|_trap_|akismet|leave_.*(blank|empty)|not_fill|t_fill",
  contact: "conta[ct]|support|customer_(care|serv)|ticket|help|[ie]nquir|_ask_|write_to_us|in_touch|_hs|wpcf",
  others: "comment|_reply|respond_|review|survey|_polls?_|quiz|_votes?_|_rating|checkout|place_order|payment|donat|"
    + "newsletter|subscri|regist|sign_(up|in)|signup|login|_apply|applica|career|vacanc|posting|thread|forum|"
    + "new_topic|_cart_|gift|_save_|_edit_|publish|a_friend|_book_(a|now)_|rsvp|add_task|todo",
});
