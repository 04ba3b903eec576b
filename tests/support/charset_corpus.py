"""Sentences of customers in many languages, with the charsets in which mail programs write them."""

from __future__ import annotations

# A short line, a longer text, and the charsets that have all of their letters.
SENTENCES: dict[str, tuple[str, str, str]] = {
    "German": (
        "Größe ändern",
        "Guten Tag, meine Bestellung ist beschädigt angekommen. Können Sie mir bitte eine neue schicken? Schöne Grüße",
        "cp1252 latin-1 iso8859-15 cp850 mac-roman cp1250",
    ),
    "French": (
        "Problème de clé",
        "Bonjour, je n’arrive plus à me connecter. Le mot de passe a été refusé, même après l’avoir changé. À bientôt",
        "cp1252 mac-roman",
    ),
    "Spanish": (
        "¿Dónde está mi pedido?",
        "Hola, ¿cómo puedo cambiar la contraseña? Mañana necesito enviar el pedido otra vez, según la información.",
        "cp1252 latin-1 iso8859-15 cp850 mac-roman",
    ),
    "Portuguese": (
        "Não recebi a fatura",
        "Bom dia, não consigo alterar o endereço de cobrança. A situação é urgente, obrigação até amanhã. Atenção!",
        "cp1252 latin-1 cp850 mac-roman",
    ),
    "Danish": (
        "Jeg kan ikke åbne døren",
        "Hej, jeg har købt en nøgle, men pakken er åbnet. Hvornår får jeg pengene tilbage? Venlig hilsen, Søren",
        "cp1252 latin-1 cp850 mac-roman",
    ),
    "Swedish": (
        "Fel på räkningen",
        "Hej, jag får inte logga in på min sida längre. Kan ni återställa lösenordet så snart som möjligt?",
        "cp1252 latin-1 cp850 mac-roman",
    ),
    "Polish": (
        "Nie mogę się zalogować",
        "Dzień dobry, zamówienie przyszło uszkodzone. Proszę o zwrot pieniędzy na moje konto. Z góry dziękuję, Łukasz",
        "cp1250 iso8859-2",
    ),
    "Czech": (
        "Nejde mi přihlášení",
        "Dobrý den, objednávka přišla poškozená. Můžete mi prosím poslat novou? Děkuji, s pozdravem Jiří Šťastný",
        "cp1250 iso8859-2",
    ),
    "Hungarian": (
        "Nem működik a jelszó",
        "Jó napot, a rendelésem sérülten érkezett meg. Hogyan kérhetem vissza a pénzt? Köszönettel, Győző",
        "cp1250 iso8859-2",
    ),
    "Croatian": (
        "Ne mogu naći račun",
        "Poštovani, narudžba još nije stigla. Možete li mi reći kada će doći? Želim promijeniti lozinku. Đurđica",
        "cp1250 iso8859-2",
    ),
    "Romanian": (
        "Nu pot să mă autentific",
        "Bună ziua, comanda mea încă nu a sosit. Puteţi să-mi spuneţi când va ajunge? Mulţumesc, Ştefan",
        "cp1250 iso8859-2",
    ),
    "Russian": (
        "Не могу войти",
        "Здравствуйте, мой заказ пришёл повреждённым. Пожалуйста, верните деньги на карту. Спасибо, Сергей",
        "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic",
    ),
    "Ukrainian": (
        "Не можу увійти",
        "Добрий день, моє замовлення прийшло пошкодженим. Поверніть, будь ласка, кошти. Дякую, їхній клієнт Євген",
        "cp1251 koi8-u",
    ),
    "Bulgarian": (
        "Не мога да вляза",
        "Здравейте, поръчката ми пристигна повредена. Моля, върнете парите по сметката ми. Благодаря предварително",
        "cp1251",
    ),
    "Greek": (
        "Δεν μπορώ να συνδεθώ",
        "Καλημέρα, η παραγγελία μου ήρθε χαλασμένη. Πώς μπορώ να πάρω πίσω τα χρήματά μου; Ευχαριστώ πολύ, Άννα",
        "cp1253 iso8859-7",
    ),
    "Turkish": (
        "Şifremi değiştiremiyorum",
        "Merhaba, siparişim hasarlı geldi. Paramı nasıl geri alabilirim? Yardımınız için teşekkür ederim, Işıl",
        "cp1254 iso8859-9",
    ),
    "Hebrew": (
        "אני לא מצליח להתחבר",
        "שלום, ההזמנה שלי הגיעה פגומה. איך אפשר לקבל את הכסף בחזרה? תודה רבה על העזרה",
        "cp1255 iso8859-8",
    ),
    "Arabic": (
        "لا أستطيع الدخول",
        "مرحبا، وصل طلبي وهو تالف. كيف يمكنني استرجاع المبلغ؟ شكرا جزيلا لكم على المساعدة",
        "cp1256 iso8859-6",
    ),
    "Lithuanian": (
        "Negaliu prisijungti, kodėl?",
        "Laba diena, mano užsakymas atvyko sugadintas. Kaip galėčiau susigrąžinti pinigus? Ačiū už jūsų pagalbą",
        "cp1257 iso8859-13",
    ),
    "Latvian": (
        "Nevaru pieslēgties",
        "Labdien, mans pasūtījums ir bojāts. Kā es varētu saņemt atpakaļ naudu? Paldies par jūsu palīdzību, Jānis",
        "cp1257 iso8859-13",
    ),
    "Estonian": (
        "Ma ei saa sisse, võti ei sobi",
        "Tere, minu tellimus jõudis kohale kahjustatuna. Kuidas saaksin raha tagasi küsida? Aitäh, päikest, Ülle",
        "cp1257 cp1252",
    ),
    "Vietnamese": (
        "Tôi không thể đăng nhập",
        "Xin chào, đơn hàng của tôi bị hỏng. Làm thế nào để lấy lại tiền? Cảm ơn rất nhiều",
        "cp1258",
    ),
    "Thai": (
        "เข้าสู่ระบบไม่ได้",
        "สวัสดีครับ สินค้าที่สั่งซื้อเสียหาย ขอเงินคืนได้อย่างไร ขอบคุณมากครับ",
        "cp874",
    ),
    "Chinese": (
        "请帮忙",
        "您好，我的订单收到时已经损坏，请问怎么申请退款？谢谢您的帮助。",
        "gb18030 gbk",
    ),
    "Traditional Chinese": (
        "無法登入帳號",
        "您好，我的訂單收到時已經損壞，請問如何申請退款？謝謝您的幫忙。",
        "big5 big5hkscs",
    ),
    "Japanese": (
        "ログインできません",
        "お世話になっております。注文した商品が壊れていました。返金の方法を教えてください。よろしくお願いします。",
        "cp932 euc_jp iso2022_jp",
    ),
    "Korean": (
        "로그인이 안 됩니다",
        "안녕하세요. 주문한 상품이 파손되어 도착했습니다. 환불은 어떻게 받을 수 있나요? 감사합니다.",
        "cp949 euc_kr iso2022_kr",
    ),
}
