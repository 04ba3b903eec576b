"""Tell a reply that is nothing but thanks from one that needs an answer.

Every word must be a word of thanks or a filler of one language, and at least one must express thanks or be a friendly
emoji. Words that may say that something is still wrong are in no list, so such a reply is never thanks. Quoted mail,
the greeting and the signature don't count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from search.text.message import greeting, own_text

MOST_WORDS = 12
MOST_BELOW = 6  # lines of a signature below a closing such as "Best regards"

# Words of thanks and fillers by language, "|" between them. Languages without spaces have phrases.
_WORDS = {
    "en": (
        "thank|thanks|thankyou|thx|thnx|tnx|tks|ty|tysm|cheers|appreciate|appreciated",
        "you|u|so|very|much|a|lot|many|again|for|your|the|this|that|all|help|helping|helped|quick|fast|swift|prompt|speedy|"
        "great|kind|excellent|amazing|awesome|perfect|wonderful|brilliant|fantastic|lovely|support|reply|response|answer|"
        "answering|replying|assistance|service|info|information|and|it|works|worked|now|is|solved|fixed|resolved|sorted|"
        "done|good|ok|okay|fine|i|we|really|team|everyone|guys|everything|effort|time|million|"
        "bunch|tons|big|huge|super|indeed|best|regards|s|its|ve|ll|hi|hello",
    ),
    "de": (
        "danke|dank|dankeschön|bedanke|merci",
        "schön|sehr|vielen|vielmals|herzlichen|besten|lieben|tausend|für|die|das|den|ihre|ihren|deine|deinen|eure|euch|"
        "dir|ihnen|schnelle|rasche|prompte|tolle|gute|super|hilfe|antwort|unterstützung|rückmeldung|info|auskunft|"
        "nochmal|nochmals|es|funktioniert|geht|klappt|jetzt|hat|geholfen|alles|klar|gut|ok|okay|perfekt|prima|"
        "toll|klasse|ist|erledigt|gelöst|und|ich|mich|wir|uns|mit|lg|vg|hallo|passt|spitze|bestens|"
        "schönen|tag|abend|noch|einen|wochenende|schönes|liebe|grüße|viele|geklappt|wieder|nun|rasch|freundliche|freundlichen",
    ),
    "fr": (
        "merci|remercie|remercions|mercis",
        "beaucoup|bien|mille|infiniment|encore|grand|un|pour|votre|ton|l|la|le|aide|réponse|rapide|rapidité|retour|"
        "soutien|à|a|vous|tous|toi|je|nous|c|est|parfait|super|génial|ça|marche|fonctionne|maintenant|résolu|réglé|"
        "tout|bonne|journée|soirée|ok|d|accord|et|très|cela|cordialement|bonjour|excellent|top|bon",
    ),
    "es": (
        "gracias|agradezco|agradecido|agradecida|agradecemos",
        "muchas|mil|muchísimas|por|la|el|su|tu|vuestra|ayuda|respuesta|rápida|atención|todo|de|nuevo|otra|vez|perfecto|"
        "genial|excelente|estupendo|ya|funciona|está|resuelto|solucionado|ok|vale|muy|amable|les|os|le|te|y|saludos|"
        "un|saludo|buen|día|hola|listo|ahora|bien|se",
    ),
    "it": (
        "grazie|ringrazio|ringraziamo",
        "mille|tante|molte|infinite|ancora|di|cuore|per|l|la|il|il|vostro|tuo|suo|aiuto|risposta|rapida|veloce|supporto|"
        "tutto|perfetto|ottimo|ora|adesso|funziona|risolto|ok|va|bene|gentilissimi|gentilissima|gentile|e|buona|"
        "giornata|serata|ciao|cordiali|saluti|vi|ti|a|tutti|molto|davvero|siete|stati|è|del",
    ),
    "pt": (
        "obrigado|obrigada|obrigados|obrigadas|agradeço|agradecemos|brigado|brigada|valeu",
        "muito|muitíssimo|pela|pelo|por|a|o|ajuda|resposta|rápida|atenção|retorno|apoio|suporte|tudo|de|novo|mais|uma|"
        "vez|perfeito|ótimo|excelente|já|agora|funciona|funcionou|está|resolvido|certo|ok|e|bom|dia|boa|tarde|noite|"
        "olá|sua|vossa|deu|consegui|conseguimos",
    ),
    "nl": (
        "dank|bedankt|dankje|dankjewel|dankuwel|dankzij",
        "je|u|jullie|wel|hartelijk|hartstikke|heel|veel|erg|voor|de|het|uw|hulp|snelle|antwoord|reactie|goede|nogmaals|"
        "alvast|werkt|nu|weer|is|opgelost|gelukt|prima|top|perfect|super|ok|oké|fijn|en|groet|groeten|hallo|hoi|alles|"
        "dag|fijne|mooi|uitstekend|service",
    ),
    "pl": (
        "dziękuję|dziękujemy|dzięki|dziekuje|dzieki|dziękuje",
        "bardzo|serdecznie|wielkie|za|pomoc|szybką|odpowiedź|informację|jeszcze|raz|już|działa|teraz|wszystko|"
        "super|świetnie|ok|okej|i|dobrze|rozwiązane|pozdrawiam|jest|ślicznie|pięknie",
    ),
    "sv": (
        "tack|tackar",
        "så|mycket|för|hjälpen|hjälp|svaret|snabba|svar|snabbt|igen|den|det|fungerar|funkar|nu|löst|bra|toppen|perfekt|"
        "jättebra|ok|okej|hej|tusen|allt|och|stort|er|dig|är|löste|sig|alla",
    ),
    "da": (
        "tak|takker",
        "mange|tusind|for|hjælpen|hjælp|svaret|det|hurtige|svar|igen|virker|nu|løst|super|perfekt|godt|fint|ok|okay|hej|"
        "så|meget|jer|dig|og|den|er|alt",
    ),
    "no": (
        "takk|takker",
        "mange|tusen|for|hjelpen|hjelp|svaret|det|raske|svar|igjen|fungerer|virker|nå|løst|supert|perfekt|bra|flott|ok|"
        "hei|så|mye|dere|deg|og|den|er|alt",
    ),
    "fi": (
        "kiitos|kiitoksia|kiitti|kiitän|kiitokset",
        "paljon|avusta|nopeasta|vastauksesta|vielä|nyt|toimii|hyvin|ok|hienoa|kaikesta|tosi|hyvä|ja|teille|sinulle|kovasti",
    ),
    "cs": (
        "děkuji|děkuju|děkujeme|díky|dík|dekuji|diky",
        "moc|mnohokrát|za|pomoc|rychlou|odpověď|ještě|jednou|už|to|funguje|teď|vše|super|výborně|ok|a|velice|je|vyřešeno",
    ),
    "sk": (
        "ďakujem|ďakujeme|vďaka|dakujem|díky",
        "veľmi|pekne|za|pomoc|rýchlu|odpoveď|ešte|raz|už|to|funguje|teraz|všetko|super|výborne|ok|a|je",
    ),
    "hu": (
        "köszönöm|köszönjük|köszi|kösz",
        "szépen|nagyon|a|az|segítséget|gyors|választ|válaszát|még|egyszer|most|már|működik|minden|rendben|szuper|ok|és",
    ),
    "ro": (
        "mulțumesc|multumesc|mulţumesc|mulțumim|mersi|merci",
        "mult|foarte|frumos|pentru|ajutor|ajutorul|răspuns|răspunsul|rapid|încă|o|dată|acum|funcționează|merge|"
        "perfect|super|ok|și|tot",
    ),
    "tr": (
        "teşekkürler|teşekkür|tesekkürler|tesekkurler|tesekkur|sağolun|sağol|sağ|eyvallah",
        "ederim|ederiz|çok|ol|olun|yardımınız|yardım|cevabınız|hızlı|cevap|için|tekrar|şimdi|çalışıyor|oldu|"
        "çözüldü|tamam|harika|süper|mükemmel|her|şey|ve|ilginiz",
    ),
    "ru": (
        "спасибо|благодарю|благодарим|спс",
        "большое|огромное|вам|тебе|за|помощь|быстрый|ответ|оперативность|еще|ещё|раз|теперь|все|всё|работает|заработало|"
        "отлично|супер|хорошо|ок|понял|поняла|и|решено|поддержку|уже|очень|здравствуйте",
    ),
    "uk": (
        "дякую|дякуємо|спасибі|вдячний|вдячна",
        "дуже|щиро|вам|тобі|за|допомогу|швидку|відповідь|ще|раз|тепер|все|працює|чудово|супер|добре|ок|і|та",
    ),
    "el": (
        "ευχαριστώ|ευχαριστω|ευχαριστούμε",
        "πολύ|πολυ|σας|σε|για|τη|την|βοήθεια|γρήγορη|απάντηση|και|πάλι|τώρα|λειτουργεί|όλα|καλά|τέλεια|οκ|ok",
    ),
    "he": ("תודה|תודות", "רבה|לכם|לך|על|העזרה|המענה|המהיר|הכל|עובד|עכשיו|מצוין|מעולה|אוקיי|שוב|מאוד"),
    "ar": (
        "شكرا|شكرًا|شكراً|مشكور|مشكورين|اشكركم|أشكركم",
        "جزيلا|جزيلاً|لك|لكم|على|المساعدة|مساعدتكم|الرد|السريع|كثيرا|تم|الحل|الآن|يعمل|ممتاز|رائع",
    ),
    "lv": (
        "paldies|pateicos|pateicamies",
        "liels|lielu|lielais|jums|tev|par|palīdzību|atbildi|ātro|ļoti|visu|viss|strādā|tagad|ir|kārtībā|labi|un|atrisināts",
    ),
    "lt": (
        "ačiū|aciu|dėkoju|dėkui|dėkojame|dekoju",
        "labai|jums|tau|už|pagalbą|atsakymą|greitą|viską|viskas|veikia|dabar|gerai|ir|didelis|išspręsta",
    ),
    "et": (
        "aitäh|tänan|täname|aitah|tänud",
        "palju|suur|suured|teile|sulle|abi|eest|vastuse|kiire|väga|kõik|töötab|nüüd|korras|hästi|ja",
    ),
    "hr": (
        "hvala|zahvaljujem|zahvaljujemo|хвала",
        "vam|ti|lijepa|lepa|lijepo|puno|mnogo|najljepša|na|pomoći|pomoć|odgovoru|brzom|brzoj|sve|radi|sada|riješeno|rešeno|"
        "super|odlično|ok|i|je|lep|lepo|za|hitro|odgovor|zdaj|deluje|вам|пуно|на|помоћи",
    ),
    "bg": (
        "благодаря|благодарим|мерси",
        "ви|ти|много|за|помощта|отговора|бързия|всичко|работи|вече|сега|супер|чудесно|добре|и|е|решено",
    ),
    "ca": (
        "gràcies|gracies|agraeixo|mercès",
        "moltes|per|l|la|ajuda|ajut|resposta|tot|ja|funciona|perfecte|resolt|molt|bé|i|ara|està",
    ),
    "is": ("takk|þakka|þakkir", "kærlega|fyrir|hjálpina|svarið|mig|þér|ykkur|það|virkar|núna|allt|mjög|bestu|og"),
    "id": (
        "terima|kasih|makasih|trims|terimakasih",
        "banyak|atas|bantuan|bantuannya|jawaban|jawabannya|cepat|sudah|sekarang|berhasil|baik|oke|ok|sangat|ya",
    ),
    "vi": (
        "cảm|cám|ơn",
        "xin|rất|nhiều|bạn|các|anh|chị|em|đã|vì|sự|giúp|đỡ|hỗ|trợ|trả|lời|nhanh|được|rồi|tốt|ok",
    ),
    "hi": ("धन्यवाद|शुक्रिया|dhanyavad|shukriya", "बहुत|आपका|आपकी|मदद|के|लिए|अब|ठीक|है|bahut|aapka"),
}
_PHRASES = {
    "ja": (
        "ありがとうございました|ありがとうございます|有難うございました|有難うございます|有り難うございます|ありがとう|有難う|感謝いたします|感謝します|"
        "感謝しています|感謝|助かりました|どうもです|サンキュー",
        "どうも|誠に|本当に|大変|早速の|迅速な|ご回答|ご返信|ご対応|ご返事|ご連絡|お返事|回答|返信|対応|を|に|いただき|頂き|くださり|"
        "下さり|して|解決しました|解決いたしました|直りました|できました|承知しました|承知いたしました|了解しました|了解です|"
        "お世話になっております|お世話になりました|よろしくお願いします|よろしくお願いいたします|のおかげで|おかげさまで|無事",
    ),
    "zh": (
        "非常感谢|多谢|谢谢|谢了|感谢|感激|多謝|謝謝|感謝|非常感謝|thx",
        "你|您|你们|您们|你們|的|帮助|幫助|帮忙|幫忙|回复|回覆|回答|解答|支持|支援|已经|已經|已|解决了|解決了|解决|解決|可以了|好了|好的|"
        "收到|明白了|明白|非常|十分|太|大家|啦|了|问题|問題|及时|及時|快速|很|棒|完美|现在|現在|再次",
    ),
    "ko": (
        "감사합니다|감사해요|감사드립니다|고맙습니다|고마워요|고마워|감사|땡큐",
        "정말|너무|대단히|매우|도와주셔서|도움|주셔서|빠른|답변|답변에|응답|덕분에|해결됐습니다|해결되었습니다|해결했습니다|네|잘|됩니다|"
        "이제|다시|한번|도움에|친절한",
    ),
    "th": ("ขอบคุณมาก|ขอบคุณ|ขอบใจ", "ครับ|ค่ะ|คะ|มาก|มากๆ|สำหรับ|ความช่วยเหลือ|ที่ช่วย|ใช้ได้แล้ว|เรียบร้อย|แล้ว|นะ"),
}
_FRIENDLY = "👍👌🙏🙌👏🤝💪❤💙💚💛🧡💜🤍♥🥰😍😘😊🙂😀😃😄😁😆😇🤗🤩🎉🥳✅✔☺💯🌟⭐✨💐🌹🌷🌸😎🫶🤙🎊😻🆗"
_FILLING = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\u200d]")  # skin tones, and the joints of emoji
_SMILEYS = re.compile(r"(?<!\w)[:;=]-?[)D]|(?<!\w)<3(?!\w)|\^\^")
_CLOSING = re.compile(
    r"\W*(?:(?:kind|best|warm|many|with kind)?\s*regards|best(?: wishes)?|yours(?: sincerely| truly| faithfully)?"
    r"|sincerely|(?:viele |beste |liebe |mit freundlichen |freundliche |herzliche |schöne )?grü(?:ß|ss)en?|mfg|lg|vg"
    r"|(?:bien )?cordialement|salutations|(?:un )?(?:cordial )?saludos?|atentamente|(?:cordiali |distinti )?saluti"
    r"|atenciosamente|cumprimentos|abraços?|(?:met )?(?:vriendelijke )?groet(?:en|jes)?|pozdrawiam|z poważaniem"
    r"|s pozdravem|(?:med )?(?:vänliga?|venlig|vennlig) hils(?:ning(?:ar)?|en)|mvh|hilsen|terveisin|üdvözlettel"
    r"|saygılar(?:ımla)?|с уважением|з повагою|敬具|よろしくお願い(?:いた)?します|此致|드림)[\s,.!]*",
    re.IGNORECASE,
)


_PICTURES = re.compile(
    r"^\s*\[(?:(?:cid|image|img)[:\s][^\[\]]*|[^\[\]]*\.(?:png|jpe?g|gif))\]\s*$", re.I | re.M
)  # of a logo
_WISHES = re.compile(r"\b(?:have an? (?:nice|great|good|lovely) (?:day|weekend|week|evening|one)|got it)\b")
_ASKS = re.compile(r"[?？؟;]|\bis (?:it|this|that|all|everything)\b")  # ";" is the Greek question mark
_TEAM = frozenset(
    "all team there everyone everybody folks zusammen leute tous toutes todos tutti a iedereen wszystkim alla".split()
)


def is_thanks(text: str, *, name: str = "") -> bool:
    """Return True if a message is nothing but thanks; `name` is its author's name, which may be below it.

    >>> is_thanks("Thanks a lot!\\n\\n> Try this."), is_thanks("Thanks, but it still fails."), is_thanks("👍")
    (True, False, True)
    """
    own = _PICTURES.sub("", own_text(text))
    said = "\n".join(_unsigned(_ungreeted(own.splitlines()), name=name))
    said = unicodedata.normalize("NFKC", _SMILEYS.sub(" 🙂 ", _FILLING.sub("", said))).casefold()
    if len(said) > 300 or _ASKS.search(said):
        return False
    friendly = any(sign in said for sign in _FRIENDLY)
    words = _words(_WISHES.sub(" ", "".join(" " if sign in _FRIENDLY else sign for sign in said)))
    if not words:
        return friendly
    given, run = set(words), "".join(words)
    return len(words) <= MOST_WORDS and (
        any(given <= thanks | more and (friendly or given & thanks) for thanks, more in _LANGUAGES)
        or any(pattern.fullmatch(run) for pattern in _SPOKEN)
    )


def _words(text: str) -> list[str]:
    """Return the words of a text. A sign that is neither a letter nor punctuation is a word of its own."""
    kept = "".join(
        c if _is_letter(c) else " " if c.isspace() or unicodedata.category(c)[0] == "P" else f" {c} " for c in text
    )
    return kept.split()


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"


def _ungreeted(lines: Sequence[str]) -> list[str]:
    """Return the lines that are not empty, without a greeting of a few names."""
    kept = [line.strip() for line in lines if line.strip()]
    found = greeting(kept[0]) if kept else None
    if found is None or not all(word[0].isupper() or word in _TEAM for word in found[0].split()):
        return kept
    return [*filter(None, [found[1]]), *kept[1:]]


def _unsigned(kept: Sequence[str], *, name: str) -> list[str]:
    """Return the lines without the name of their author, and without a closing and the few lines below it."""
    for number, line in enumerate(kept):
        if number and _CLOSING.fullmatch(line) and len(kept) - number <= MOST_BELOW:
            return list(kept[:number])
    last = len(kept)
    while last > 1 and (_is_name(kept[last - 1], name) or (last == 2 and _closes_with(kept[0], kept[1]))):
        last -= 1
    return list(kept[:last])


def _is_name(line: str, name: str) -> bool:
    """Return True if a line is the author's name, a part of it or its initials."""
    given, known = re.findall(r"\w+", line.casefold()), re.findall(r"\w+", name.casefold())
    return bool(given) and all(word in known or word in {one[0] for one in known} for word in given)


def _closes_with(line: str, below: str) -> bool:
    """Return True if a line ends in a comma and the line below looks like a name: one to three capitalised words."""
    words = below.rstrip(".").split()
    return line.endswith(",") and 0 < len(words) <= 3 and all(word[0].isupper() and word.isalpha() for word in words)


def _spoken(thanks: str, more: str) -> re.Pattern[str]:
    """Return the pattern of a text in a language without spaces: phrases, at least one of them a phrase of thanks."""
    phrases = "|".join(sorted(f"{thanks}|{more}".split("|"), key=len, reverse=True))
    return re.compile(rf"(?=.*(?:{thanks}))(?:{phrases}){{1,{MOST_WORDS}}}+")


_LANGUAGES = tuple((frozenset(thanks.split("|")), frozenset(more.split("|"))) for thanks, more in _WORDS.values())
_SPOKEN = tuple(_spoken(*phrases) for phrases in _PHRASES.values())
