"""Pages of more kinds of systems, small and in our own words."""

from __future__ import annotations

from tests.browser.foreign.case import Case

MAIL = '<label>E-mail <input type="email" name="email"></label><button>Send</button>'
# language: name, subject, message, button
LABELS = {
    "bg": ("Име", "Относно", "Вашето съобщение", "Изпрати"),
    "cs": ("Jméno", "Předmět zprávy", "Text vašeho dotazu", "Odeslat"),
    "da": ("Navn", "Emne", "Din besked", "Send"),
    "de": ("Name", "Betreff", "Ihre Nachricht an uns", "Absenden"),
    "el": ("Όνομα", "Θέμα", "Το μήνυμά σας", "Αποστολή"),
    "en": ("Name", "What is it about?", "Your question", "Go"),
    "es": ("Nombre", "Asunto", "Escriba aquí su mensaje", "Enviar"),
    "fa": ("نام", "موضوع", "پیام شما", "ارسال"),
    "fi": ("Nimi", "Viestin aihe", "Kirjoita viestisi", "Lähetä"),
    "fr": ("Nom", "Objet de votre demande", "Votre message", "Envoyer"),
    "he": ("שם", "נושא הפנייה", "תוכן ההודעה", "שליחה"),
    "hi": ("नाम", "विषय", "आपका संदेश", "भेजें"),
    "hu": ("Név", "Tárgy", "Üzenet szövege", "Küldés"),
    "id": ("Nama", "Subjek", "Pesan Anda", "Kirim"),
    "it": ("Nome", "Oggetto", "Testo del messaggio", "Invia"),
    "ja": ("お名前", "題名", "ご質問・ご要望の詳細", "送信"),
    "ko": ("이름", "제목", "메시지", "보내기"),
    "nl": ("Naam", "Onderwerp", "Uw vraag of opmerking", "Verstuur"),
    "no": ("Navn", "Emne", "Din henvendelse", "Send inn"),
    "pl": ("Imię", "Temat", "Treść", "Wyślij"),
    "pt": ("Nome", "Assunto", "Mensagem", "Enviar"),
    "ro": ("Nume", "Subiect", "Mesajul dumneavoastră", "Trimite"),
    "ru": ("Имя", "Тема обращения", "Текст сообщения", "Отправить"),
    "sv": ("Namn", "Ämne", "Ditt meddelande", "Skicka"),
    "th": ("ชื่อ", "หัวข้อ", "ข้อความ", "ส่ง"),
    "tr": ("Adınız", "Konu başlığı", "Mesajınız", "Gönder"),
    "uk": ("Ім'я", "Тема", "Ваше повідомлення", "Надіслати"),
    "vi": ("Họ tên", "Tiêu đề", "Nội dung", "Gửi"),
    "zh": ("姓名", "主题", "留言内容", "提交"),
    "zh-TW": ("姓名", "標題", "訊息", "送出"),
}


def labelled(lang: str) -> Case:
    """Return a form whose fields have labels in a language, and names that say nothing."""
    name, subject, message, button = LABELS[lang]
    rtl = ' dir="rtl"' if lang in ("fa", "he") else ""
    html = (
        f'<form method="post"{rtl}><p><label>{name}<br><input name="a"></label></p><p><label>{subject}<br>'
        f'<input name="b"></label></p><p><label>{message}<br><textarea name="c"></textarea></label></p>'
        f'<p><label>E-mail<br><input type="email" name="d"></label></p><button>{button}</button></form>'
    )
    return Case(f"in-{lang}", html, subject="[name=b]", lang=lang)


KINDS = [
    *map(labelled, LABELS),
    Case(
        "czech-said-to-be-english",
        '<form><label>Předmět <input name="f1"></label><label>Zpráva <textarea name="f2"></textarea></label>'
        '<label>E-mail <input name="f3"></label><button>Odeslat</button></form>',
        subject="[name=f1]",
    ),
    Case(
        "ninja-forms",
        '<form class="nf-form-layout"><div class="nf-field"><label for="nf-field-1">Name</label><input id="nf-field-1" '
        'name="nf-field-1"></div><div class="nf-field"><label for="nf-field-2">Email</label><input type="email" '
        'id="nf-field-2" name="email"></div><div class="nf-field"><label for="nf-field-3">Message</label><textarea '
        'id="nf-field-3" name="nf-field-3"></textarea></div><div style="display:none"><label for="nf-field-hp">Subject'
        '</label><input id="nf-field-hp" name="nf-field-hp"></div><input type="button" value="Submit"></form>',
    ),
    Case(
        "forminator",
        '<form class="forminator-ui forminator-custom-form" method="post"><div class="forminator-row"><label '
        'for="forminator-field-text-1">Subject</label><input name="text-1" id="forminator-field-text-1" '
        'placeholder="E.g. order"></div><div><label for="forminator-field-textarea-1">Message</label><textarea '
        'name="textarea-1" id="forminator-field-textarea-1" placeholder="Enter your message…"></textarea></div>'
        '<input type="email" name="email-1" placeholder="E.g. john@doe.com"><input type="text" class='
        '"forminator-hidden" name="input_9" style="opacity:0;position:absolute" tabindex="-1"><button>Send</button></form>',
        subject="[name=text-1]",
    ),
    Case(
        "marketo",
        '<form id="mktoForm_1001" class="mktoForm" novalidate><div class="mktoFormRow"><label for="FirstName">First Name:'
        '</label><input id="FirstName" name="FirstName"></div><div class="mktoFormRow"><label for="Email">Email:</label>'
        '<input id="Email" name="Email" type="email"></div><div class="mktoFormRow"><label for="Comments__c">Questions or '
        'comments:</label><textarea id="Comments__c" name="Comments__c" rows="2"></textarea></div><button>Submit</button></form>',
    ),
    Case(
        "pardot",
        '<form method="post" action="https://go.acme.example/l/1/2" class="form" id="pardot-form"><p class="form-field '
        'first_name"><label class="field-label" for="1_1">First Name</label><input name="1_1" id="1_1"></p><p class='
        '"form-field email"><label for="1_2">Email</label><input name="1_2" id="1_2"></p><p class="form-field comments">'
        '<label class="field-label" for="1_3">How can we help?</label><textarea name="1_3" id="1_3"></textarea></p>'
        '<p style="position:absolute;width:190px;left:-9999px;top:-9999px;visibility:hidden"><label for="pi_extra_field">'
        'Comments</label><textarea name="pi_extra_field" id="pi_extra_field"></textarea></p><input type="submit"></form>',
        message='[id="1_3"]',
    ),
    Case(
        "wix",
        '<div class="wixui-form"><form id="comp-k1" class="x"><div id="comp-k2"><label for="input_comp-k2">Name</label>'
        '<input name="name" id="input_comp-k2"></div><div id="comp-k3"><label for="input_comp-k3">Subject</label><input '
        'name="subject" id="input_comp-k3"></div><div id="comp-k4"><label for="textarea_comp-k4">Type your message here…'
        '</label><textarea id="textarea_comp-k4"></textarea></div><input type="email" aria-label="Email"><button>Submit'
        "</button></form></div>",
        subject="[name=subject]",
    ),
    Case(
        "joomla",
        '<div class="com-contact__form contact-form"><form id="contact-form" action="/contact" method="post" class='
        '"form-validate"><fieldset><legend>Send an Email</legend><label id="jform_contact_name-lbl" for='
        '"jform_contact_name">Name</label><input name="jform[contact_name]" id="jform_contact_name"><label for='
        '"jform_contact_emailmsg">Subject</label><input name="jform[contact_subject]" id="jform_contact_emailmsg"><label '
        'for="jform_contact_message">Message</label><textarea name="jform[contact_message]" id="jform_contact_message">'
        "</textarea></fieldset><button>Send</button></form></div>",
        subject="#jform_contact_emailmsg",
    ),
    Case(
        "magento",
        '<form class="form contact" action="/contact/index/post/" id="contact-form" method="post"><fieldset><legend>Write '
        'Us</legend><div class="field"><label class="label" for="name"><span>Name</span></label><input name="name" '
        'id="name"></div><div class="field"><label for="telephone"><span>Phone Number</span></label><input name='
        '"telephone" id="telephone" type="tel"></div><div class="field comment"><label for="comment"><span>What’s on your '
        'mind?</span></label><textarea name="comment" id="comment"></textarea></div></fieldset><input type="hidden" '
        'name="hideit" id="hideit"><button>Submit</button></form>',
    ),
    Case(
        "prestashop",
        '<section class="contact-form"><form action="/contact-us" method="post"><h3>Contact us</h3><label>Subject <select '
        'name="id_contact"><option value="2">Customer service</option><option value="1">Webmaster</option></select></label>'
        '<label>Email <input name="from" type="email"></label><label>Order reference <input name="ref"></label><label>'
        'Message <textarea name="message" placeholder="How can we help?"></textarea></label><style>input[name=url]{display:'
        'none!important}</style><input type="text" name="url"><button>Send</button></form></section>',
        subject="select",
        chosen="Webmaster",
    ),
    Case(
        "drupal-contact",
        '<form class="contact-message-feedback-form contact-message-form" action="/contact" method="post" id="contact-'
        'message-feedback-form"><label for="edit-name">Your name</label><input id="edit-name" name="name"><label for='
        '"edit-subject-0-value">Subject</label><input id="edit-subject-0-value" name="subject[0][value]"><label for='
        '"edit-message-0-value">Message</label><textarea id="edit-message-0-value" name="message[0][value]"></textarea>'
        '<input type="submit" value="Send message"></form>',
        subject="#edit-subject-0-value",
    ),
    Case(
        "laravel",
        '<form method="POST" action="/kontakt"><input type="hidden" name="_token" value="x"><div class="mb-3"><label '
        'for="title" class="form-label">Title</label><input id="title" name="title"></div><div class="mb-3"><label for='
        '"content" class="form-label">Content</label><textarea id="content" name="content"></textarea></div>' + MAIL + "</form>",
        subject="#title",
    ),
    Case(
        "sharepoint",
        '<form id="aspnetForm" action="/Lists/Requests/NewForm.aspx" method="post"><input id="ctl00_Search" title="Search" '
        'type="search"><table class="ms-formtable"><tr><td class="ms-formlabel"><h3 class="ms-standardheader">Title</h3>'
        '</td><td><input title="Title Required Field" id="ff1_1"></td></tr><tr><td class="ms-formlabel"><h3>Description of '
        'the problem</h3></td><td><textarea title="Description" id="ff2_1" rows="6"></textarea></td></tr></table><input '
        'type="button" value="Save"></form>',
        subject="#ff1_1",
    ),
    Case(
        "microsoft-forms",
        '<div id="form-main-content"><h1>Support request</h1><div data-automation-id="questionItem"><span id="Q1">1. '
        'Subject</span><input aria-labelledby="Q1" placeholder="Enter your answer"></div><div data-automation-id='
        '"questionItem"><span id="Q2">2. Describe your problem</span><textarea aria-labelledby="Q2" placeholder="Enter your '
        'answer"></textarea></div><button>Submit</button></div>',
        subject="[aria-labelledby=Q1]",
    ),
    Case(
        "ant-design",
        '<form class="ant-form"><div class="ant-form-item"><div class="ant-form-item-label"><label for="basic_topic" '
        'title="Topic">Topic</label></div><div><input id="basic_topic" class="ant-input"></div></div><div class='
        '"ant-form-item"><div><label for="basic_msg">Message</label></div><div><span class="ant-input-textarea-show-count">'
        '<textarea id="basic_msg"></textarea></span></div></div>' + MAIL + "</form>",
        subject="#basic_topic",
    ),
    Case(
        "vuetify",
        '<form class="v-form"><div class="v-input"><div class="v-field"><input id="input-4"><label class="v-label '
        'v-field-label" for="input-4">Subject</label></div></div><div class="v-input v-textarea"><div class="v-field">'
        '<textarea id="input-6" rows="5"></textarea><textarea class="v-textarea__sizer" id="input-6-sizer" readonly '
        'aria-hidden="true" style="visibility:hidden;position:absolute;height:0!important"></textarea><label for="input-6">'
        "Message</label></div></div>" + MAIL + "</form>",
        subject="#input-4",
        message="#input-6",
    ),
    Case(
        "quasar",
        '<form class="q-form"><label class="q-field"><div class="q-field__control"><input aria-label="Subject" id="f_1">'
        '<div class="q-field__label">Subject</div></div></label><label class="q-field q-textarea"><div><textarea '
        'aria-label="Your message" id="f_2"></textarea><div>Your message</div></div></label>' + MAIL + "</form>",
        subject="#f_1",
    ),
    Case(
        "angular-material",
        '<form class="ng-untouched"><mat-form-field><div class="mat-mdc-text-field-wrapper"><label id="mat-mdc-form-field-'
        'label-0" for="mat-input-0"><mat-label>Subject</mat-label></label><input matinput formcontrolname="subject" '
        'id="mat-input-0"></div></mat-form-field><mat-form-field><label for="mat-input-1"><mat-label>Message</mat-label>'
        '</label><textarea matinput id="mat-input-1" formcontrolname="text"></textarea></mat-form-field>' + MAIL + "</form>",
        subject="#mat-input-0",
    ),
    Case(
        "svelte-placeholders",
        '<form><input placeholder="Name"><input placeholder="Subject" id="s"><textarea placeholder="Message"></textarea>'
        '<input type="email" placeholder="E-mail"><button>Send</button></form>',
        subject="#s",
    ),
    Case(
        "text-before",
        '<form action="/cgi-bin/mail.pl">Name: <input name="v1"><br>Subject: <input name="v2"><br>Message:<br><textarea '
        'name="v3"></textarea><br>E-mail: <input name="v4"><br><input type="submit"></form>',
        subject="[name=v2]",
    ),
    Case(
        "definition-list",
        '<form><dl><dt>Name</dt><dd><input name="v1"></dd><dt>Subject</dt><dd><input name="v2"></dd><dt>Message</dt><dd>'
        '<textarea name="v3"></textarea></dd><dt>E-mail</dt><dd><input name="v4"></dd></dl><button>Send</button></form>',
        subject="[name=v2]",
    ),
    Case(
        "row-above",
        '<form><table><tr><th>Subject</th></tr><tr><td><input name="v2"></td></tr><tr><th>Message</th></tr><tr><td><textarea '
        'name="v3"></textarea></td></tr><tr><th>E-mail</th></tr><tr><td><input name="v4"></td></tr></table><button>Send'
        "</button></form>",
        subject="[name=v2]",
    ),
    Case(
        "legends",
        '<form><fieldset><legend>Subject</legend><input name="v2"></fieldset><fieldset><legend>Your message</legend><textarea '
        'name="v3"></textarea></fieldset><fieldset><legend>E-mail</legend><input name="v4"></fieldset><button>Send</button>'
        "</form>",
        subject="[name=v2]",
    ),
    Case(
        "order-lines-first",
        '<form class="help"><label>Order number <input name="order_no"></label><label>Full name <input name="n"></label>'
        '<label>Company <input name="company"></label><label>Street address <input name="street"></label><label>Subject line '
        '<input name="sl"></label><label>Describe what happened <textarea name="wh"></textarea></label>' + MAIL + "</form>",
        subject="[name=sl]",
    ),
    Case(
        "select-and-line",
        '<form><label>Topic <select name="topic"><option value="">-- choose --</option><option>Billing</option></select>'
        '</label><label>Subject <input name="s"></label><label>Message <textarea name="m"></textarea></label>' + MAIL + "</form>",
        subject="[name=s]",
    ),
    Case(
        "country-list-is-no-subject",
        '<form><label>Country <select name="country"><option>Austria</option><option>Spain</option></select></label><label>'
        'Message <textarea name="m"></textarea></label>' + MAIL + "</form>",
    ),
    Case(
        "nothing-chosen",
        '<form><label>Subject <select name="topic"><option>Please choose a topic</option><option>Billing</option></select>'
        '</label><label>Message <textarea name="m"></textarea></label>' + MAIL + "</form>",
    ),
    Case(
        "replaced-list",
        '<form><label for="sel">Subject</label><select id="sel" tabindex="-1" aria-hidden="true" style="position:absolute;'
        'width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0)"><option value="">Choose</option><option selected>Billing'
        '</option></select><span class="select2"><span>Billing</span></span><label>Message <textarea></textarea></label>'
        + MAIL + "</form>",
        subject="#sel",
        chosen="Billing",
    ),
    Case(
        "combobox",
        '<form><div><label id="lab">Subject</label><div role="combobox" tabindex="0" aria-labelledby="lab" id="cb">Refunds'
        '</div></div><label>Message <textarea></textarea></label>' + MAIL + "</form>",
        subject="#cb",
        chosen="Refunds",
    ),
    Case(
        "honeypot-kinds",
        '<form><div aria-hidden="true"><label>Subject<input name="subject"></label></div><div style="position:absolute;left:'
        '-10000px"><textarea name="comments"></textarea></div><textarea name="msg" style="opacity:0;height:1px"></textarea>'
        '<div style="clip:rect(0,0,0,0);position:absolute"><textarea name="message2"></textarea></div><div style="clip-path:'
        'inset(50%);position:absolute"><input name="topic"></div><div style="height:0;overflow:hidden"><textarea name='
        '"question"></textarea></div><div style="visibility:hidden"><textarea name="description"></textarea></div><label>Leave '
        'this field empty <textarea name="text"></textarea></label><textarea name="g-recaptcha-response"></textarea><textarea '
        'name="h-captcha-response"></textarea><p>What it is about <input name="real1" aria-label="Subject"></p><p>Message '
        '<textarea name="real2"></textarea></p>' + MAIL + "</form>",
        subject="[name=real1]",
        message="[name=real2]",
    ),
    Case(
        "captcha-under-the-message",
        '<form><label>Message <textarea name="m"></textarea></label>' + MAIL + '<div class="g-recaptcha" style="width:304px;'
        'height:78px;border:1px solid"><textarea id="g-recaptcha-response" name="g-recaptcha-response" style="width:250px;'
        'height:40px"></textarea></div></form>',
        message="[name=m]",
    ),
    Case(
        "message-is-a-line",
        '<form id="ask-us"><label>Your question <input name="question"></label><label>E-mail <input type="email" name="e">'
        "</label><button>Ask</button></form>",
        message="[name=question]",
    ),
    Case(
        "clobbered",
        '<form id="contact"><input type="hidden" name="id" value="7"><input type="hidden" name="action" value="send"><input '
        'type="hidden" name="elements" value="1"><label>Subject <input name="name"></label><label>Message <textarea name='
        '"className"></textarea></label>' + MAIL + "</form>",
        subject='input[name="name"]',
    ),
    Case(
        "plain-editable",
        '<form><label>Subject <input name="s"></label><div id="lbl">Message</div><div contenteditable="true" role="textbox" '
        'aria-labelledby="lbl" id="ed" data-placeholder="Write…" style="min-height:60px"></div>' + MAIL + "</form>",
        subject="[name=s]",
        message="#ed",
    ),
    Case(
        "editor-without-names",
        '<form><label>Subject <input name="s"></label><div><div class="toolbar"><button type="button">Bold</button></div><div '
        'contenteditable="true" id="ed" style="min-height:60px"></div></div><label>Internal notes <textarea name="notes" '
        'rows="2"></textarea></label>' + MAIL + "</form>",
        subject="[name=s]",
        message="#ed",
    ),
    Case(
        "dialog-by-click",
        '<button id="open">Help</button><div id="d" role="dialog" hidden><form><label>Subject <input name="s"></label><label>'
        'Message <textarea></textarea></label>' + MAIL + "</form></div><script>document.getElementById('open').onclick=()=>"
        "{d.hidden=false}</script>",
        subject="[name=s]",
        first="#open",
    ),
    Case(
        "one-question-at-a-time",
        '<form id="typeform"><div id="q"><h2>Subject</h2><input name="q1"><button type="button" id="next">OK</button></div>'
        "</form><script>next.onclick=()=>{q.innerHTML='<h2>How can we help?</h2><textarea name=q2></textarea><button>Send"
        "</button>'}</script>",
        message="[name=q2]",
        first="#next",
    ),
    Case(
        "cell-frame-in-frame",
        "<iframe width=600 height=400 srcdoc=\"<iframe width=500 height=300 srcdoc='<form><label>Message <textarea></textarea>"
        "</label><label>Email <input type=email></label></form>'></iframe>\"></iframe>",
        message="iframe >>> iframe >>> textarea",
    ),
    Case(
        "frame-in-shadow",
        '<div id="h"></div><script>h.attachShadow({mode:"open"}).innerHTML=\'<iframe width=600 height=300 srcdoc="<form><label>'
        "Message <textarea></textarea></label><label>Email <input type=email></label></form>\"></iframe>'</script>",
        message="iframe >>> textarea",
    ),
    Case(
        "nested-shadows",
        '<my-page></my-page><script>customElements.define("my-field",class extends HTMLElement{connectedCallback(){this.'
        'attachShadow({mode:"open"}).innerHTML="<label>"+this.title+" "+(this.title=="Message"?"<textarea></textarea>":'
        '"<input>")+"</label>"}});customElements.define("my-page",class extends HTMLElement{connectedCallback(){this.'
        'attachShadow({mode:"open"}).innerHTML="<form><my-field title=Subject></my-field><my-field title=Message></my-field>'
        '<input type=email><button>Send</button></form>"}})</script>',
        subject="my-field[title=Subject] input",
    ),
    # No contact forms.
    Case(
        "wordpress-comment",
        '<div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form action="/wp-comments-post.php" method="post" '
        'id="commentform" class="comment-form"><label for="comment">Comment</label><textarea id="comment" name="comment">'
        '</textarea><label>Name <input name="author"></label><label>Email <input name="email" type="email"></label><button>'
        "Post Comment</button></form></div>",
        nothing=True,
    ),
    Case(
        "survey",
        '<form id="nps-survey"><p>How likely are you to recommend us?</p><input type="radio" name="n"><input type="radio" '
        'name="n"><label>What could we do better? <textarea name="message"></textarea></label><label>Email <input type="email">'
        "</label><button>Submit</button></form>",
        nothing=True,
    ),
    Case(
        "checkout",
        '<form class="woocommerce-checkout checkout" action="/checkout/"><label>Email <input type="email" autocomplete='
        '"email"></label><label>Card <input autocomplete="cc-number"></label><div class="notes"><label>Order notes <textarea '
        'name="order_comments" placeholder="Notes about your order"></textarea></label></div><button>Place order</button></form>',
        nothing=True,
    ),
    Case(
        "forum-topic",
        '<form id="postform" method="post" action="/posting.php?mode=post"><h2>Post a new topic</h2><label>Subject: <input '
        'name="subject"></label><textarea name="message"></textarea><button>Preview</button><button>Submit</button></form>',
        nothing=True,
    ),
    Case(
        "poll",
        '<form class="poll"><label><input type="radio" name="p"> Yes</label><label>Other <textarea name="other"></textarea>'
        "</label><button>Vote</button></form>",
        nothing=True,
    ),
    Case(
        "german-comment",
        '<form id="f"><h3>Schreibe einen Kommentar</h3><label>Kommentar <textarea name="c"></textarea></label><label>Name '
        '<input name="n"></label><label>E-Mail <input name="e"></label><button>Kommentar abschicken</button></form>',
        lang="de",
        nothing=True,
    ),
    Case(
        "profile",
        '<form id="profile"><label>Display name <input name="dn"></label><label>Bio <textarea name="bio"></textarea></label>'
        "<button>Save</button></form>",
        nothing=True,
    ),
    Case(
        "comment-named",
        '<form id="commentform" class="comment-form"><label>Comment <textarea name="comment"></textarea></label><label>Email '
        '<input type="email"></label><button>Post comment</button></form>',
        form="#commentform",
    ),
    Case(
        "newsletter-beside",
        '<form id="nl"><h3>Newsletter</h3><input type="email"><button>Subscribe</button></form><form id="c"><h2>Contact</h2>'
        '<label>Subject <input name="s"></label><label>Message <textarea></textarea></label>' + MAIL + "</form>",
        subject="[name=s]",
    ),
    # Lines for the owner.
    Case(
        "wrong-form",
        '<form id="contact"><label>Message <textarea></textarea></label></form>',
        form="#kontakt",
        nothing=True,
        says='form="#kontakt" matches nothing',
    ),
    Case(
        "unlikely-form",
        '<form id="mystery"><label>Foo <textarea name="x"></textarea></label><button>Bar</button></form>',
        nothing=True,
        says='is in no form that looks like a contact form',
    ),
    Case(
        "sandboxed-frame",
        '<iframe sandbox="allow-scripts" width=500 height=300 srcdoc="<form><textarea></textarea></form>"></iframe>',
        message="iframe >>> textarea",
        nothing=True,
        says="is sandboxed; put the line into the framed page",
    ),
]
