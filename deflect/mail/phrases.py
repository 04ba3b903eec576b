"""Subjects and sentences by which programs answer: absence notes and bounces, in many languages."""

from __future__ import annotations

import re

# The beginning of the subject of an automatic answer.
_AUTOMATIC = (
    r"auto(?:mat(?:ic|ed))?[ -]?(?:repl(?:y|ies)|respon(?:se|der)|answer)|auto(?=:)|out[ -]of[ -](?:the[ -])?office"
    r"|vacation (?:reply|response|message)|ooo(?=:)",
    r"automatische (?:antwort|rückantwort|e-?mail-antwort)|abwesenheits(?:notiz|meldung|nachricht|assistent|info)"
    r"|urlaubs(?:benachrichtigung|nachricht|meldung)",
    r"réponse automatique|(?:message|notification|avis) (?:automatique )?d['’]absence|absence du bureau",
    r"respuesta autom[áa]tica|contestaci[óo]n autom[áa]tica|fuera de (?:la )?oficina|autorespuesta|aviso de ausencia",
    r"risposta (?:automatica|non al computer)|fuori (?:sede|ufficio)|(?:messaggio|avviso) di assenza",
    r"resposta autom[áa]tica|mensagem autom[áa]tica|fora do escrit[óo]rio|aviso de aus[êe]ncia",
    r"automatische? (?:antwoord|beantwoording|reactie|bericht)|automatisch antwoord|afwezigheids\w+|buiten kantoor",
    r"odpowied[źz] automatyczna|automatyczna odpowied[źz]|autoodpowied[źz]|poza biurem",
    r"auto(?:matiskt? )?svar|automatiskt? (?:besked|meddelande|melding)|frånvaro(?:meddelande|besked)|fraværs\w+",
    r"(?:ikke på|ute av|ude af|borte fra) kontoret|automaattinen (?:vastaus|poissaolo\w*)|poissaoloviesti",
    r"automatická (?:odpov[ěe][ďd]|odpove[ďd])|mimo kancel[áa][řr]|automatikus válasz|házon kívül|irodán kívül",
    r"r[ăa]spuns automat|otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][şs][ıi]nda\w*",
    r"автоматическ(?:ий|ое) (?:ответ|сообщение|уведомление)|автоответ\w*|вне офиса",
    r"автоматична відповідь|автовідповідь|поза офісом|αυτόματη απάντηση|εκτός γραφείου",
    r"【?自動(?:応答|返信|回答|回覆|回復|答覆)】?|不在(?:通知|のお知らせ|連絡)|自动(?:回复|答复|应答|回覆)|不在(?:办公室|辦公室)",
    r"자동 ?(?:회신|응답|답장)|부재 ?중|תשובה אוטומטית|מענה אוטומטי|מחוץ למשרד|رد تلقائي|الرد التلقائي|خارج ال?مكتب",
    r"automaatvastus|automātisk[āa] atbilde|automatinis atsakymas|automatski odgovor|samodejni odgovor",
    r"автоматичен отговор|resposta autom[àa]tica|sjálfvirkt svar|(?:การ)?ตอบกลับอัตโนมัติ|tự động trả lời",
    r"(?:balasan|jawaban) otomatis|(?:thư )?trả lời tự động|स्वचालित उत्तर",
)
# The same if it answers an e-mail; a person may begin a new message so, too.
_AWAY = (
    r"(?:i am |i'm |i’m )?(?:currently )?(?:away from (?:the|my) (?:office|mail|desk)|on (?:(?:annual|sick|"
    r"parental|maternity) )?"
    r"leave|on vacation|on holidays?|out of (?:the )?office)|vacation(?=:)|"
    r"eingangsbestätigung|abwesen(?:d|heit)|(?:ich bin )?nicht im (?:büro|haus)|"
    r"außer haus",
    r"(?:ich bin )?im urlaub|absente?|absence|en (?:congés?|vacances)|je suis absente?|de vacaciones|ausencia|"
    r"ausente",
    r"fuera del (?:despacho|trabajo)|assen(?:te|za)|in ferie|fuori dall['’]ufficio|aus[êe]ncia|(?:em|de) f[ée]rias",
    r"afwezig(?:heid)?|niet (?:op|in het) kantoor|(?:met|op) vakantie|nieobecno[śs][ćc]|nieobecny|"
    r"(?:jestem na )?urlop\w*",
    r"frånvar\w+|fravær|på semester|på ferie|poissa\w*|lomalla|nep[řr][ií]tomnos[tť]|szabadságon|în concediu|"
    r"izindeyim|"
    r"y[ıi]ll[ıi]k izin|нет на работе|в отпуске|отсутствую|у відпустці|外出中|休暇中|不在|(?:外出|休假)(?:通知|中)?|"
    r"휴가 ?중|외출 ?중|di luar kantor",
)
# The beginning of the subject of a bounce.
_RETURNED = (
    r"undeliver(?:able|ed)|(?:mail )?(?:delivery|deliver) (?:status|fail\w*|notification|delayed|report|problem|"
    r"error|"
    r"incomplete|has failed)|failure (?:notice|delivery)|fail(?:ed|ure)? (?:mail )?delivery|returned (?:mail|"
    r"to sender)|"
    r"mail (?:failure|system error|could not|returned|not delivered|undeliverable)|message (?:not delivered|"
    r"undeliverable|"
    r"could not be delivered|delivery)|non[- ]?deliver(?:y|able|ed)|warning: (?:could not send|message .* delayed)|"
    r"delay(?:ed)? mail|address not found|bounce(?:d)? mail|rejected:|your (?:message|mail|"
    r"e-?mail) (?:to .* )?could ?n[o’'t]+"
    r" be delivered|ndn:|dsn:",
    r"unzustellbar\w*|nicht zustellbar|zustellung (?:fehlgeschlagen|verzögert|nicht möglich)|(?:e-?mail|"
    r"nachricht) (?:konnte "
    r"nicht|nicht) zugestellt|übermittlung fehlgeschlagen|fehler bei der (?:zustellung|nachrichtenzustellung)|"
    r"zustellfehler",
    r"non remis(?:e)?|(?:message|courrier|mail) non (?:remis|délivré|distribué|livré)|échec de (?:la )?(?:remise|"
    r"livraison|"
    r"distribution|l['’]envoi)|notification d['’]état de (?:la )?(?:remise|distribution)|non distribu\w*|"
    r"retour à l['’]exp",
    r"no se puede entregar|no se pudo entregar|no entregad[oa]|(?:correo|mensaje) (?:no entregad[oa]|devuelto|"
    r"rechazado)|error "
    r"(?:de|en la) entrega|no entregable|notificaci[óo]n (?:del|de) estado de (?:la )?entrega|"
    r"devoluci[óo]n de correo",
    r"non recapitabile|(?:impossibile|mancato) (?:recapit\w+|consegn\w+)|mancata consegna|"
    r"messaggio non (?:recapitato|consegnato)|"
    r"notifica (?:di|sullo) stato (?:del|della) (?:recapito|consegna)|consegna (?:fallita|non riuscita)",
    r"n[ãa]o (?:foi poss[íi]vel entregar|entregue|pode ser entregue|é possível entregar)|"
    r"mensagem (?:n[ãa]o entregue|devolvida)|"
    r"falha (?:na|de) entrega|notifica[çc][ãa]o d[eo] status de entrega|(?:e-?mail|correio) devolvido",
    r"onbestelbaar|niet (?:bezorgd|afgeleverd|te bezorgen)|kan niet worden bezorgd|bezorging mislukt|"
    r"bericht niet (?:bezorgd|"
    r"afgeleverd)|aflevering mislukt",
    r"nie ?dostarcz\w+|niedoręcz\w+|nie można dostarczyć|błąd dostarcz\w+|zwrot wiadomości|"
    r"wiadomość nie została dostarczona",
    r"(?:det )?går inte att leverera|kunde inte levereras|ej levererbar\w*|kan ikke leveres|kunne ikke leveres|"
    r"ikke levert|ikke leveret|uleverbar\w*|olevererbar\w*|leveransfel",
    r"toimitus epäonnistui|ei voitu toimittaa|nedoručitelné|nedoručeno|nedoručiteľné|kézbesíthetetlen|"
    r"sikertelen kézbesítés|"
    r"imposibil de livrat|nelivrat\w*|teslim edilem\w+|iletilem\w+|gönderilemedi",
    r"не ?доставлен\w*|недоставлен\w*|не удается доставить|не удалось доставить|сбой доставки|ошибка доставки|"
    r"не доставлено",
    r"配信(?:不能|できません|エラー|に失敗)|配達(?:不能|できません)|送信(?:できません|エラー)|未配達|无法投递|退信|投递失败|系统退信|无法送达|無法傳遞|退件|"
    r"배달(?:되지| 못| 실패|할 수 없)|전송 실패|반송",
)
# What servers write into the text of a bounce without a report.
_REPORTED = re.compile(
    r"this is the qmail-send program|this is the mail system at host|"
    r"this message was created automatically by mail delivery"
    r"|this (?:is an automatically generated )?delivery (?:status notification|report|failure)|"
    r"could ?n[o’'t]+ be delivered"
    r"|(?:has not been|was not|not) delivered|cannot be delivered|undeliverable|permanent (?:fatal )?(?:error|"
    r"failure)"
    r"|i'm afraid i wasn't able to deliver|unable to deliver|delivery (?:has |to .{1,80} )?failed|delivery attempts?"
    r"|(?:user|mailbox|recipient|address|account)[^.\n]{0,40}(?:unknown|not found|unavailable|does not exist|"
    r"rejected|full"
    r"|disabled)|no such (?:user|recipient|mailbox)|(?:message-id|final-recipient|diagnostic-code|remote-mta|"
    r"reporting-mta|"
    r"x-failed-recipients)\s*:|\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b|#[45]\.\d\.\d|smtp error|"
    r"konnte[n]? nicht (?:zugestellt|"
    r"übermittelt)|nicht zugestellt|n['’]a pas (?:pu|été) (?:être )?(?:remis|distribué|délivré|livré)|"
    r"no (?:se )?(?:pudo|ha podido"
    r"|puede|fue)[^.\n]{0,20}entreg|non (?:è stato|può essere|recapit)|não (?:foi|pôde|pode)[^.\n]{0,20}entreg|"
    r"kon niet worden"
    r"|niet (?:worden )?(?:bezorgd|afgeleverd)|nie (?:może|mogła|została|można)[^.\n]{0,20}dostarcz|не (?:может|"
    r"было|удалось|"
    r"был)[^.\n]{0,20}доставл|配信でき|无法投递|无法送达|배달",
    re.IGNORECASE,
)
_END = r"(?![a-zà-ÿа-я])"  # languages without spaces have no end of a word
AUTOMATIC = re.compile(rf"\W*(?:{'|'.join(_AUTOMATIC)}){_END}", re.IGNORECASE)
AWAY = re.compile(rf"\W*(?:{'|'.join(_AWAY)}){_END}", re.IGNORECASE)
RETURNED = re.compile(rf"\W*(?:{'|'.join(_RETURNED)})", re.IGNORECASE)
_AFTER = re.compile(
    r"\s*(?:$|[:：;(\[<】\]]|[-–—|]\s|[!.]+\s*$|(?:auto ?reply|re|aw|from|von|de|until|till|bis|to)\b)", re.IGNORECASE
)
_PREFIX = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|odp|rv|res|r|ynt|ha|vá|回复|答复|回覆|返信)\s*(?:\[\d+\])?\s*[:：]\s*", re.I
)


def is_absence(subject: str) -> bool:
    """Return True if a subject begins as that of an absence note does; a person may begin a question so, too."""
    return AUTOMATIC.match(subject[:300]) is not None or AWAY.match(subject[:300]) is not None


def is_automatic(subject: str) -> bool:
    """Return True if a subject names an automatic answer and at most the subject or the sender that it answers."""
    found = AUTOMATIC.match(subject[:300])
    return found is not None and _AFTER.match(subject[found.end() :]) is not None


def is_returned(subject: str) -> bool:
    """Return True if a subject begins as that of a bounce does."""
    return RETURNED.match(subject[:300]) is not None


def reports_failure(text: str) -> bool:
    """Return True if a text contains a sentence or a code that mail servers write into a bounce."""
    return _REPORTED.search(text[:10_000]) is not None


def answered_subject(subject: str) -> str:
    """Return the subject that an answer, an absence note or a bounce was written to.

    >>> answered_subject("Undeliverable: Re: lamp"), answered_subject("Delivery failed")
    ('lamp', '')
    """
    found = RETURNED.match(subject) or AUTOMATIC.match(subject)
    rest = subject[found.end() :].partition(":")[2] if found else subject
    while prefix := _PREFIX.match(rest):
        rest = rest[prefix.end() :]
    return rest.strip()
