"""Pages that were written before the widget's scoring was tuned, and measured once at the end."""

from __future__ import annotations

from tests.browser.foreign.case import Case

UNSEEN = [
    Case(
        "formidable",
        """<div class="frm_forms with_frm_style" id="frm_form_2_container"><form enctype="multipart/form-data" method="post" class="frm-show-form" id="form_contact-us-2">
        <div class="frm_form_fields"><fieldset><legend class="frm_screen_reader">Write to our team</legend>
        <div id="frm_field_6_container" class="frm_form_field form-field frm_required_field frm_top_container"><label for="field_qh4icy" class="frm_primary_label">Name</label><input type="text" id="field_qh4icy" name="item_meta[6]"></div>
        <div class="frm_form_field form-field"><label for="field_29yf4d" class="frm_primary_label">Email</label><input type="email" id="field_29yf4d" name="item_meta[8]"></div>
        <div class="frm_form_field form-field"><label for="field_e6lis6" class="frm_primary_label">Subject</label><input type="text" id="field_e6lis6" name="item_meta[9]"></div>
        <div class="frm_form_field form-field"><label for="field_9jv0r1" class="frm_primary_label">Message</label><textarea id="field_9jv0r1" name="item_meta[10]" rows="5"></textarea></div>
        <div class="frm_verify" aria-hidden="true"><label for="frm_email_2">If you are human, leave this field blank.</label><input type="text" class="frm_verify" id="frm_email_2" name="frm_verify" style="position:absolute;left:-5000px"></div>
        <button class="frm_button_submit">Submit</button></fieldset></div></form></div>""",
        subject="#field_e6lis6",
        message="#field_9jv0r1",
    ),
    Case(
        "elementor",
        """<form class="elementor-form" method="post" name="New Form"><input type="hidden" name="post_id" value="12">
        <div class="elementor-form-fields-wrapper elementor-labels-"><div class="elementor-field-group"><input size="1" type="text" name="form_fields[name]" id="form-field-name" placeholder="Name"></div>
        <div class="elementor-field-group"><input size="1" type="email" name="form_fields[email]" id="form-field-email" placeholder="Email"></div>
        <div class="elementor-field-group"><input size="1" type="text" name="form_fields[field_1]" id="form-field-field_1" placeholder="Subject"></div>
        <div class="elementor-field-group"><textarea name="form_fields[message]" id="form-field-message" rows="4" placeholder="Message"></textarea></div>
        <button type="submit"><span>Send</span></button></div></form>""",
        subject="#form-field-field_1",
    ),
    Case(
        "salesforce-case",
        """<form action="https://acme.example/servlet/servlet.WebToCase" method="POST"><input type="hidden" name="orgid" value="00D">
        <label for="name">Contact Name</label><input id="name" maxlength="80" name="name" size="20" type="text"><br>
        <label for="email">Email</label><input id="email" maxlength="80" name="email" size="20" type="text"><br>
        <label for="phone">Phone</label><input id="phone" maxlength="40" name="phone" size="20" type="text"><br>
        <label for="subject">Subject</label><input id="subject" maxlength="80" name="subject" size="20" type="text"><br>
        <label for="description">Description</label><textarea name="description"></textarea><br><input type="hidden" name="external" value="1"><input type="submit" name="submit"></form>""",
        subject="#subject",
    ),
    Case(
        "jira-service-management",
        """<div id="root"><form novalidate><h1>Ask a question</h1><div><label id="summary-label" for="summary">Summary<span aria-hidden="true">*</span></label><div><input id="summary" name="summary" maxlength="255" required></div></div>
        <div><label id="description-label" for="description">Tell us more</label><div class="ak-editor" style="min-height:120px"><div contenteditable="true" id="ak" class="ProseMirror" role="textbox" aria-labelledby="description-label" style="min-height:100px"><p><br></p></div></div></div>
        <div><label for="email">Email confirmation to</label><input id="email" name="email" type="email"></div><button type="submit">Send</button></form></div>""",
        subject="#summary",
        message="#ak",
    ),
    Case(
        "freshdesk",
        """<form class="form-portal" id="new_helpdesk_ticket" action="/support/tickets" method="post"><div class="form-group"><label for="helpdesk_ticket_email">Requester</label><input name="helpdesk_ticket[email]" id="helpdesk_ticket_email" type="text"></div>
        <div class="form-group"><label for="helpdesk_ticket_subject">Subject</label><input id="helpdesk_ticket_subject" name="helpdesk_ticket[subject]" type="text"></div>
        <div class="form-group"><label>Type</label><select name="helpdesk_ticket[ticket_type]"><option value="">...</option><option>Question</option><option>Incident</option></select></div>
        <div class="form-group"><label for="helpdesk_ticket_ticket_body_attributes_description_html">Description</label><textarea id="helpdesk_ticket_ticket_body_attributes_description_html" name="helpdesk_ticket[ticket_body_attributes][description_html]" rows="6"></textarea></div><button>Submit</button></form>""",
        subject="#helpdesk_ticket_subject",
    ),
    Case(
        "aspnet",
        """<form method="post" action="./Kontakt.aspx" id="aspnetForm"><input type="hidden" name="__VIEWSTATE" value="x"><div id="head"><input name="ctl00$txtSearch" type="text" id="ctl00_txtSearch" placeholder="Search"><input type="submit" value="Go"><div class="login"><input name="ctl00$Login$UserName" id="ctl00_Login_UserName"><input type="password" name="ctl00$Login$Password"></div></div>
        <div id="content"><h2>Contact</h2><table><tr><td>Your name</td><td><input name="ctl00$Main$txtName" id="ctl00_Main_txtName"></td></tr><tr><td>E-mail</td><td><input name="ctl00$Main$txtMail"></td></tr><tr><td>Subject</td><td><input name="ctl00$Main$txtBetreff" id="ctl00_Main_txtBetreff"></td></tr><tr><td>Message</td><td><textarea name="ctl00$Main$txtMessage" rows="6"></textarea></td></tr></table><input type="submit" name="ctl00$Main$btnSend" value="Send"></div>
        <div id="foot">Newsletter <input name="ctl00$News$txtMail"></div></form>""",
        subject="#ctl00_Main_txtBetreff",
    ),
    Case(
        "google-forms",
        """<form action="/forms/d/e/1FAI/formResponse" target="_self" method="POST" id="mG61Hd"><div role="list"><div role="listitem"><div id="i1" role="heading" aria-level="3"><span>Email</span></div><input type="email" aria-labelledby="i1" name="emailAddress"></div>
        <div role="listitem"><div id="i5" role="heading" aria-level="3"><span>Subject</span></div><input type="text" aria-labelledby="i5 i8" name="entry.1000020"></div><div role="listitem"><div id="i9" role="heading" aria-level="3"><span>What do you need help with?</span></div><textarea aria-labelledby="i9" name="entry.1000057"></textarea></div></div>
        <div role="button" tabindex="0"><span>Submit</span></div></form>""",
        subject='[name="entry.1000020"]',
    ),
    Case(
        "jotform",
        """<form class="jotform-form" action="https://submit.acme.example/submit/2100/" method="post" id="2100" accept-charset="utf-8"><input type="hidden" name="formID" value="2100"><ul class="form-section page-section">
        <li class="form-line" id="id_1"><label class="form-label" id="label_1">Full Name</label><div><input id="first_1" name="q1_fullName[first]"><label class="form-sub-label" for="first_1">First Name</label></div></li>
        <li class="form-line" id="id_3"><label class="form-label" id="label_3" for="input_3">Subject</label><div class="form-input-wide"><input type="text" id="input_3" name="q3_subject" class="form-textbox"></div></li>
        <li class="form-line" id="id_4"><label class="form-label" id="label_4" for="input_4">Your Message</label><div><textarea id="input_4" name="q4_yourMessage"></textarea></div></li>
        <li style="clear:both"></li><li style="display:none">Should be Empty: <input type="text" name="website" value=""></li></ul><button>Submit</button></form>""",
        subject="#input_3",
    ),
    Case(
        "mui",
        """<div id="root"><form><div class="MuiFormControl-root"><label class="MuiInputLabel-root" for=":r1:" id=":r1:-label">Subject</label><div class="MuiInputBase-root"><input id=":r1:" type="text" class="MuiInputBase-input"><fieldset aria-hidden="true"><legend><span>Subject</span></legend></fieldset></div></div>
        <div class="MuiFormControl-root"><label for=":r3:" id=":r3:-label">Message</label><div class="MuiInputBase-root MuiInputBase-multiline"><textarea aria-invalid="false" id=":r3:" rows="4" class="MuiInputBase-inputMultiline" style="height:92px;overflow:hidden"></textarea><textarea aria-hidden="true" readonly tabindex="-1" style="visibility:hidden;position:absolute;overflow:hidden;height:0;top:0;left:0;transform:translateZ(0);width:100%"></textarea></div></div>
        <div class="MuiFormControl-root"><label for=":r5:">Email</label><input id=":r5:" type="email"></div><button type="submit">Send</button></form></div>""",
        subject='[id=":r1:"]',
        message='[id=":r3:"]',
    ),
    Case(
        "select-subject",
        """<form id="contact-form"><label for="r">How can we help you?</label><select id="r" name="reason"><option value="">Please select…</option><option value="3">Return an order</option><option value="4">Invoice</option></select>
        <label for="o">Order number</label><input id="o" name="order"><label for="d">Your message</label><textarea id="d" name="msg"></textarea><label>Mail <input name="mail"></label><button>Send</button></form>""",
        subject="#r",
        chosen="Return an order",
    ),
    Case(
        "drupal-comment",
        """<section class="comments"><h2>Add new comment</h2><form class="comment-comment-form comment-form" action="/comment/reply/node/1/comment" method="post" id="comment-form"><label for="n">Your name</label><input id="n" name="name"><label for="s">Subject</label><input id="s" name="subject[0][value]"><label for="c">Comment</label><textarea id="c" name="comment_body[0][value]"></textarea><input type="submit" value="Save"></form></section>""",
        nothing=True,
    ),
    Case(
        "job-application",
        """<form id="apply" action="/jobs/12/apply" enctype="multipart/form-data" method="post"><h2>Apply for this position</h2><label>First name <input name="first"></label><label>E-mail <input type="email" name="email"></label><label>CV <input type="file" name="cv"></label><label>Message to the hiring manager <textarea name="message"></textarea></label><button>Send application</button></form>""",
        nothing=True,
    ),
    Case(
        "shop-review",
        """<form method="post" class="new-review-form" id="new-review-form_77"><input type="hidden" name="product_id" value="77"><label for="a">Name</label><input id="a" name="review[author]"><label for="e">Email</label><input id="e" type="email" name="review[email]"><label for="t">Review title</label><input id="t" name="review[title]" placeholder="Give your review a title"><label for="b">Body of review (1500)</label><textarea id="b" name="review[body]" placeholder="Write your comments here"></textarea><input type="submit" value="Submit Review"></form>""",
        nothing=True,
    ),
    Case(
        "polish-table",
        """<form action="/formularz.php" method="post" name="f"><table><tr><td>Imię i nazwisko:</td><td><input name="p1" size="30"></td></tr><tr><td>E-mail:</td><td><input name="p2"></td></tr><tr><td>Temat:</td><td><input name="p3"></td></tr><tr><td>Treść wiadomości:</td><td><textarea name="p4" rows="6"></textarea></td></tr><tr><td></td><td><input type="submit" value="Wyślij"></td></tr></table></form>""",
        subject="[name=p3]",
        lang="pl",
    ),
    Case(
        "arabic",
        """<form action="/s" method="post" dir="rtl"><p><label>الاسم<br><input name="a1"></label></p><p><label>البريد الإلكتروني<br><input type="email" name="a2"></label></p><p><label>عنوان الرسالة<br><input name="a3"></label></p><p><label>نص الرسالة<br><textarea name="a4"></textarea></label></p><button>إرسال</button></form>""",
        subject="[name=a3]",
        lang="ar",
    ),
    Case(
        "korean",
        """<form action="/s" method="post"><dl><dt>이름</dt><dd><input name="wr_1"></dd><dt>이메일</dt><dd><input type="email" name="wr_2"></dd><dt>제목</dt><dd><input name="wr_3"></dd><dt>문의내용</dt><dd><textarea name="wr_4"></textarea></dd></dl><button>보내기</button></form>""",
        subject="[name=wr_3]",
        lang="ko",
    ),
    Case(
        "floating-after",
        """<form class="c" method="post"><div class="fl"><input type="text" name="x1" placeholder=" "><span>Full name</span></div><div class="fl"><input type="email" name="x2" placeholder=" "><span>E-mail</span></div><div class="fl"><input type="text" name="x3" placeholder=" "><span>Subject</span></div><div class="fl"><textarea name="x4" placeholder=" "></textarea><span>Message</span></div><button>Send</button></form>""",
        subject="[name=x3]",
    ),
    Case(
        "outside-by-form",
        """<form id="cf" action="/s" method="post"></form><div class="grid"><label for="k1">Topic</label><input id="k1" name="t" form="cf"><label for="k2">Message</label><textarea id="k2" name="m" form="cf"></textarea><label for="k3">E-mail</label><input id="k3" type="email" name="e" form="cf"><button form="cf">Send</button></div>""",
        subject="#k1",
        form="#cf",
    ),
    Case(
        "honeypots",
        """<style>.ohnohoney{opacity:0;position:absolute;top:0;left:0;height:0;width:0;z-index:-1}</style><form method="post"><label class="ohnohoney" for="subject">Subject</label><input class="ohnohoney" autocomplete="off" type="text" id="subject" name="subject"><div style="overflow:hidden;height:0"><textarea name="message" tabindex="-1"></textarea></div>
        <label for="u1">Subject</label><input id="u1" name="u1"><label for="u2">Message</label><textarea id="u2" name="u2"></textarea><label for="u3">Email</label><input id="u3" type="email"><button>Send</button></form>""",
        subject="#u1",
        message="#u2",
    ),
    Case(
        "tabs",
        """<div role="tablist"><button role="tab" id="t1">Call</button><button role="tab" id="t2">Write</button></div><div id="p1">Call 555-0100</div><div id="p2" hidden><form><label>Subject <input name="subject"></label><label>Your question <textarea name="q"></textarea></label><label>Email <input type="email" name="email"></label><button>Send</button></form></div><script>t2.onclick=()=>{p2.hidden=false;p1.hidden=true}</script>""",
        subject="[name=subject]",
        first="#t2",
    ),
    Case(
        "steps",
        """<form id="wizard"><fieldset id="s1"><legend>What is it about?</legend><label>Subject <input name="subject"></label><button type="button" id="next">Next</button></fieldset><fieldset id="s2" hidden><legend>Tell us more</legend><label>Message <textarea name="message"></textarea></label><label>Email <input type="email"></label><button>Send</button></fieldset></form><script>next.onclick=()=>{s1.hidden=true;s2.hidden=false}</script>""",
        subject="[name=subject]",
        between="#next",
    ),
    Case(
        "web-components",
        """<form id="wc"><x-field label="Subject" id="w1"></x-field><x-area label="Message" id="w2"></x-area><label>Email <input type="email" name="email"></label><button>Send</button></form><script>
        const make=(tag,inner)=>customElements.define(tag,class extends HTMLElement{connectedCallback(){const s=this.attachShadow({mode:'open'});s.innerHTML='<label for="i"></label>'+inner;s.firstChild.textContent=this.getAttribute('label')}});make('x-field','<input id="i" part="input">');make('x-area','<textarea id="i" rows="4"></textarea>')</script>""",
        subject="#w1 input",
        message="#w2 textarea",
    ),
    Case(
        "srcdoc-frame",
        """<iframe width="600" height="400" title="Contact" srcdoc="<form><label>Subject <input name=subject></label><label>Message <textarea name=message></textarea></label><label>Email <input type=email></label><button>Send</button></form>"></iframe>""",
        subject="iframe >>> [name=subject]",
        message="iframe >>> textarea",
    ),
    Case(
        "address-and-source",
        """<form action="/kontakt" method="post" class="support"><label>Company <input name="company"></label><label>Address <textarea name="address" rows="8"></textarea></label><label>Title of your request <input name="req_title"></label><label>How did you hear about us? <textarea name="source" rows="6"></textarea></label><label>What can we do for you? <textarea name="note" rows="3"></textarea></label><label>E-mail <input name="email"></label><button>Send</button></form>""",
        subject="[name=req_title]",
        message="[name=note]",
    ),
    Case(
        "react-no-form",
        """<div id="app"><h2>Support</h2><div class="stack"><div><span id="q1">Subject</span><input aria-labelledby="q1"></div><div><span id="q2">Describe your issue</span><textarea aria-labelledby="q2"></textarea></div><div><span id="q3">Email</span><input type="email" aria-labelledby="q3"></div></div><button type="button">Submit request</button></div>""",
        subject="[aria-labelledby=q1]",
    ),
]
