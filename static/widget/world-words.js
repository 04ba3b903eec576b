// What fields and forms are called in thirty languages, for pages in other languages than English.

import { learn } from "./field-words.js";

learn({
  subject: "_topic|_thema_|_tema|argomento|_motiv|predmet|amne_|_arende_|_emne|_aihe|otsikko|targy|subiect|_konu|"
    + "baslik|тема|θεμα|موضوع|נושא|件名|題名|主题|主題|标题|標題|제목|относно|zadeva|teema|assumpt|rubrik|overskrift|主旨|chu đe|"
    + "tieu đe|หัวข้อ|विषय|judul|perihal|subjek|worum|gaat_het|s_agit|_galler|gjelder|drejer|koskee|_tyka|用件|"
    + "kurzbesch",
  perhaps: "naslov|наслов|duvod|dovod|povod|razlog|_reden_|orsak|grunn|neden|titre|titulo|titolo|tytul|_cim_|"
    + "заголовок|عنوان|כותרת|タイトル|kategor|anliegen|grund_|_art_|abteilung|demande|richiesta|consulta|причина|"
    + "категор|種別|種類|类型|類型|분류|유형|문의",
  message: "mensa[jg]|mitteil|anliegen|anfrage|_frage|beschreib|consulta|pregunta|duvida|pergunta|domanda|"
    + "richiesta|demande|_vraag|omschrij|toelicht|wiadomosc|tresc|pytanie|_opis|zprav|sprava|dotaz|meddel|_fraga|"
    + "besked|spørgsm|melding|beskjed|henvendel|viesti|kysymy|kuvaus|uzenet|kerdes|leiras|mesaj|intrebar|_ileti_|"
    + "acıklama|_soru|сообщ|вопрос|описани|обращен|повідом|питання|звернен|μηνυμα|ερωτη|περιγρ|رسال|استفسار|تفاصيل|"
    + "پیام|הודע|פניי|שאל|תיאור|内容|內容|メッセ|本文|質問|詳細|留言|信息|訊息|消息|描述|问题|問題|내용|메시지|문의|질문|съобщ|въпрос|poruk|порук|"
    + "sporocil|sonum|missatg|zinut|zinoj|beskriv|arende|意見|意见|ご要望|pesan|noi dung|tin nhan|ข้อความ|संदेश|helfen|"
    + "_aide|ayuda|ajud|aiut|pomoc|pomoz|hj[aeæ]lp|autta|segit|ajut|yardim|помоч|допомо|βοηθ|مساعد|לעזור|手伝|帮|幫|도와|"
    + "도움|お問い合わせ",
  remark: "comm?ent|kom+ent|bemerk|hinweis|opmerk|uwagi|poznamk|megjegy|yorum|коммент|комент|σχολι|تعليق|ملاحظ|"
    + "הערות|備考|コメント|备注|備註|비고|의견",
  other: "_mme_|herr_|anrede|salut|akadem|adress?e?_|anschrift|direccion|indirizzo|endereco|osoite|lakcim|адрес|"
    + "διευθυνσ|כתובת|住所|地址|주소|aufmerksam",
  trap: "leer_lassen|nicht_ausfull|ne_pas_remplir|no_rellen|vacio|non_compila|nao_preench|niet_invullen",
  contact: "kontakt|контакт|uhendust|kund(tj|es|en)|klantens|asiakasp|ugyfelsz|zakaznick|assistenza|hilfe|ayuda|"
    + "ajuda|soporte|yhteys|kapcsolat|iletisim|destek|связ|поддерж|звяз|підтрим|επικοιν|تواصل|اتصل|צור_קשר|תמיכה|"
    + "問い合わせ|联系|聯絡|客服|문의|고객",
  others: "kom+enta|bewertung|umfrage|bewerb|anmeld|comentari|resena|encuesta|candidat|_avis_|sondage|postuler|"
    + "recen[sz]|sondag|avalia|enquete|reactie|beoordel|sollicit|opini|ankiet|dotaznik|omdome|enkat|arvostel|"
    + "kysely_|hozzaszol|ertekel|yorum|anket|коммент|отзыв|опрос|комент|відгук|опитув|σχολι|κριτικ|تعليق|استبيان|"
    + "תגוב|ביקורת|סקר_|コメント|レビュー|アンケ|评论|評論|问卷|댓글|리뷰|설문|후기|평가|评价|評價|口コミ|クチコミ|đanh_gia|รีวิว|hodnocen|arvio|"
    + "valoraci|_kasse_|zahlungspfl|_bestellen|afrekenen|payer_|passer_commande|_pagar_|finalizar|procedi_|"
    + "zaplac|zaplatit|odemeyi|оформить|оплатить|立即支付|提交订单|결제하기|購入手続|reservieren|reservar|prenota|予約する|예약하기|"
    + "rekrutac|jelentkez|hakemus|ansok|søknad|curricul|応募|应聘|지원하기|резюме",
});
