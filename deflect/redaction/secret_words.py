"""The words of many languages that announce a secret, and those that follow without being one."""

from __future__ import annotations

import re

PASSWORD = (
    # English, German, Spanish, French, Italian, Portuguese, Catalan
    "password|passwords|pass-word|pass phrase|pass-phrase|my pass|our pass|his pass|her pass|wifi pass"
    "|admin pass|root pass|login pass|passwd|passphrase|passcode|pass word|pwd|pw|psw|pass code|psswd|wifi key"
    "|wi-fi key|wlan key"
    "|network key|security key|wpa key|wpa2 key|wpa2-psk|wpa-psk|wep key|encryption key|netzwerkschlüssel"
    "|wlan-schlüssel"
    "|passwort|passworte|passwörter|kennwort|kennwörter|losungswort|zugangskennwort|wlan-passwort"
    "|contraseña|contrasena|contraseñas|clave|clave de acceso|clave secreta|palabra de paso"
    "|mot de passe|mots de passe|mdp|code secret|phrase secrète|parola d'ordine|parola chiave|password di accesso"
    "|senha|senhas|palavra-passe|palavra passe|palavra-chave|contrasenya|pasahitza"
    # Dutch, Swedish, Danish, Norwegian, Finnish, Icelandic
    "|wachtwoord|wachtwoorden|toegangscode|lösenord|lösenordet|losenord|adgangskode|adgangskoden|kodeord|kodeordet"
    "|passord|passordet|salasana|salasanani|salasanasi|salasanaa|salasanalla|salasanaksi|salasanaani|tunnussana"
    "|lykilorð|lykilorðið"
    # Polish, Czech, Slovak, Hungarian, Romanian, Croatian, Slovene, Baltic
    "|hasło|haslo|hasła|hasłem|hasłu|haśle|heslo|hesla|heslem|jelszó|jelszo|jelszavam|jelszavad|jelszót"
    "|jelszavamat|jelszavát|parolă|parola|parolă de acces"
    "|parole|lozinka|lozinku|lozinke|geslo|slaptažodis|slaptazodis|parool|salasõna|fjalëkalimi"
    # Russian, Ukrainian, Bulgarian, Serbian, Greek, Turkish
    "|пароль|пароля|паролю|пароле|паролем|пароли|парола|паролата|лозинка|кодовое слово|κωδικός|κωδικός πρόσβασης|κωδικο"
    "|şifre|şifrem|şifremi|şifreyi|şifremin|şifreme|parolamı|parolayı|şifresi|şifreniz|sifre|sifrem|parolam|parolası"
    # Arabic, Persian, Hebrew, Hindi, Thai, Vietnamese, Indonesian
    "|كلمة المرور|كلمة السر|كلمة مرور|الرقم السري|رمز عبور|گذرواژه|סיסמה|הסיסמה|סיסמא|पासवर्ड|कूटशब्द|รหัสผ่าน"
    "|mật khẩu|mat khau|kata sandi|sandi|kata laluan|nenosiri"
)
GLUED_PASSWORD = (
    "密码|密碼|パスは|口令|パスワード|暗証番号|パスフレーズ|비밀번호|암호|패스워드|รหัสผ่าน"  # in texts without spaces
)
KEY = (
    "api key|api-key|apikey|api token|api secret|access key|access token|secret key|secret|secrets|token|auth token"
    "|private key|license key|licence key|product key|activation key|session id|session key|session token"
    "|session cookie"
    "|bearer token|client secret|webhook secret|signing secret|shared secret|encryption key|master key|recovery key"
    "|recovery code|reset token|reset code|login token|personal access token|deploy key|access id|app password"
    "|api-schlüssel|schlüssel|zugangsschlüssel|lizenzschlüssel|geheimnis|sitzungs-id|wiederherstellungsschlüssel"
    "|clave api|clave de api|clave privada|clave de licencia|llave|ficha de acceso|clé api|clé d'api|clé secrète"
    "|clé privée|clé de licence|clé|jeton|jeton d'accès|chiave api|chiave privata|chiave segreta|chiave|gettone"
    "|chave api|chave de api|chave secreta|chave|api-sleutel|sleutel|geheime sleutel|klucz api|klucz|tajny klucz"
    "|api-nyckel|nyckel|nøgle|api-nøgle|api-nøkkel|nøkkel|api-avain|avain|klíč|api klíč|kulcs|cheie|cheie api|anahtar"
    "|api anahtarı|ключ|ключ api|api-ключ|токен|секрет|секретный ключ|مفتاح|מפתח|कुंजी"
)
GLUED_KEY = "密钥|令牌|私钥|キー|トークン|秘密鍵|토큰|액세스 키|키"
PIN = (
    "3-digit code|3 digit code|three-digit code|three digit code|digits on the back|digits on back|number on the back"
    "|numbers on the back|code on the back|dreistelliger code|dreistellige nummer|dreistellige zahl|dreistelligen code"
    "|chiffres au dos|code au dos|cifras del reverso|código del reverso|números de atrás|cifre sul retro"
    "|dígitos do verso"
    "|pin|pins|pin code|pincode|pin-code|pin number|pin no|pinnummer|pin-nummer|geheimzahl|código pin|code pin"
    "|codice pin"
    "|nip|kod pin|pinkod|pin-kod|pinkode|pin-kode|pinkoodi|pin-koodi|pin kód|cod pin|пин|пин-код|пинкод|пін|пін-код"
    "|tan|mtan|itan|sms-tan|smstan|mobiletan|phototan|chiptan|push-tan|pushtan|tan-nummer|tan number|tan code"
    "|cvv|cvv2|cvc|cvc2|csc|cvn|cid code|cvv code|cvc code|cvv-code|cvc-code|card code|card security code"
    "|card verification value"
    "|verification value|security digits|prüfziffer|prüfnummer|kartenprüfnummer|sicherheitsnummer|kartenprüfziffer"
    "|cryptogramme|cryptogramme visuel|código cvv|código de seguridad|código de segurança|codice cvv"
    "|codice di sicurezza|beveiligingscode|kod cvv|kod cvc|puk|puk code|puk-code|otp|totp|otp code|one-time pin"
    "|zahlencode|unlock code|entsperrcode|screen lock|door code|türcode|voicemail code|gate code|رمز pin|קוד"
)
GLUED_PIN = (
    "验证码|驗證碼|安全码|校验码|取款密码|動的密碼|認証コード|確認コード|セキュリティコード|인증번호|인증 코드|보안코드"
)
CODE = (
    "2fa backup|mfa backup|verification code|confirmation code|security code|login code|log-in code|sign-in code"
    "|sign in code|access code"
    "|authentication code|auth code|authorization code|sms code|one-time code|one time code|one-time password|2fa code"
    "|two-factor code|mfa code|authenticator code|backup code|backup codes|recovery code|recovery codes|rescue code"
    "|activation code|unlock code|passcode|reset code|invite code|invitation code|otp|voucher pin|gift card code"
    "|bestätigungscode|sicherheitscode|einmalcode|einmalpasswort|anmeldecode|zugangscode|freischaltcode|sms-code"
    "|aktivierungscode|backup-code|wiederherstellungscode|verifizierungscode|verifikationscode|code aus der sms"
    "|código de verificación|código de confirmación|código de acceso|código de un solo uso|código sms"
    "|código de seguridad"
    "|código de activación|código de recuperación|code de vérification|code de confirmation|code de sécurité"
    "|code d'accès|code sms|code à usage unique|code d'activation|code reçu|code de récupération"
    "|codice di verifica|codice di conferma|codice di accesso|codice monouso|codice di sicurezza|codice otp|codice sms"
    "|código de verificação|código de confirmação|código de acesso|código de segurança|código recebido"
    "|kod weryfikacyjny|kod potwierdzający|kod dostępu|kod sms|kod jednorazowy|kod aktywacyjny|kod bezpieczeństwa"
    "|verificatiecode|bevestigingscode|beveiligingscode|inlogcode|toegangscode|sms-code|eenmalige code"
    "|bekräftelsekod|verifieringskod|engångskod|säkerhetskod|inloggningskod|bekræftelseskode|engangskode|sikkerhetskode"
    "|vahvistuskoodi|kertakäyttökoodi|ověřovací kód|jednorázový kód|overovací kód|megerősítő kód|ellenőrző kód"
    "|cod de verificare|cod de confirmare|doğrulama kodu|onay kodu|güvenlik kodu|код подтверждения|код из смс"
    "|код безопасности|одноразовый код|проверочный код|код підтвердження|кодът за потвърждение|κωδικός επαλήθευσης"
    "|رمز التحقق|رمز التأكيد|קוד אימות|सत्यापन कोड|mã xác nhận|mã xác minh|kode verifikasi|kode otp|รหัสยืนยัน"
)
BARE_CODE = "code|kód|kod|kode|koodi|codice|código|codigo|код|κωδικός|cod|mã"
NO_CODE = (  # words before "code" that make it harmless
    r"(?:error|exit|status|zip|postal|post|country|area|http|response|return|promo|promotion|discount|coupon"
    r"|product|source"
    r"|bar|qr|building|fire|civil|penal|criminal|tax|model|year|colou?r|key|dress|language|currency|stop|fault"
    r"|reason|dialling|dialing|sort|swift|bank|airport|morse|item"
    r"|result|win32|windows|fehler|de error|d'erreur|di errore|de erro|błędu|postal|fout|fel|ошибки|chyby|hata"
    r"|exit-)[ -]?$"
)
BIRTH = (
    "date of birth|birth date|birthdate|birthday|dob|d.o.b.|d.o.b|born on|born|birth"
    "|fecha de nac|fecha nac|f. nac|nac.|geburtsdatum|geburtstag|geboren am|geboren|geb. am|geb."
    "|fecha de nacimiento|nacimiento|nacido el|nacida el"
    "|nací el|cumpleaños|date de naissance|né le|née le|naissance|data di nascita|nato il|nata il|nascita"
    "|data de nascimento|nascimento|nascido em|nascida em|nasci em|data urodzenia|urodzony|urodzona|urodziłem się|ur."
    "|geboortedatum|geboren op|födelsedatum|född|fødselsdato|født|syntymäaika|syntynyt|datum narození|narozen|narozena"
    "|születési dátum|született|data nașterii|născut|doğum tarihi|doğum|дата рождения|родился|родилась|дата народження"
    "|ημερομηνία γέννησης|تاريخ الميلاد|תאריך לידה|जन्म तिथि|जन्मतिथि|ngày sinh|tanggal lahir|datum rođenja"
)
GLUED_BIRTH = "出生日期|生日|生年月日|誕生日|생년월일|생일"
DOCUMENT = (
    "passport|passport number|passport no|passport id|reisepass|reisepassnummer|pass-nr|pass nr|pass-no|passnr"
    "|pasaporte"
    "|passeport|passaporto|passaporte|paszport|paszportu|paspoort|paspoortnummer|pas nummer|passinumero|pas č"
    "|pașaport|pasaport|útlevél|паспорт|паспорта|паспортные данные|διαβατήριο|جواز السفر|דרכון|पासपोर्ट|hộ chiếu|paspor"
    "|identity card|id card|personal id|personal code|personal identification|personal number|id number|id no"
    "|national id|identity number|identification number|identity document"
    "|personalausweis|ausweis|ausweisnummer|personalausweisnummer|perso-nr|carte d'identité|carta d'identità"
    "|carta di identità"
    "|documento de identidad|cartão de cidadão|bilhete de identidade|cartão do cidadão|dowód osobisty|dowodu osobistego"
    "|numer dowodu|identiteitskaart|id-kaart|legitimation|id-kort|henkilökortti|občanský průkaz|občanka"
    "|személyi igazolvány"
    "|carte de identitate|buletin|kimlik no|kimlik numarası|удостоверение личности|بطاقة الهوية|هوية|תעודת זהות"
    "|driving licence|driving license|driver's license|drivers license|driver's licence|driver license"
    "|license number|dl number"
    "|führerschein|führerscheinnummer|permis de conduire|licencia de conducir|permiso de conducir"
    "|carnet de conducir|patente"
    "|carta de condução|cnh|prawo jazdy|rijbewijs|rijbewijsnummer|körkort|kørekort|førerkort|ajokortti|řidičský průkaz"
    "|водительское удостоверение"
    "|social security number|social security|social security no|social insurance number|social insurance|ssn"
    "|ss number|ss#|ss no"
    "|sozialversicherungsnummer|sv-nummer|svnr|rentenversicherungsnummer|krankenversichertennummer|versichertennummer"
    "|sécurité sociale|numéro de sécurité sociale|numéro de sécu|numéro sécu|insee|nir|carte vitale|seguridad social"
    "|número de la seguridad social|nss|segurança social|national insurance number|national insurance|nino"
    "|ni number|nhs number"
    "|nhs no|nhs|insurance number|insurance policy|medicare|medicare number|medicaid|health card|ohip|member id"
    "|steuer-id|steuer-identifikationsnummer|steueridentifikationsnummer|idnr|steuernummer|steuer-nr|tax id|tax number"
    "|tax file number|tax identification number|taxpayer id|tin|itin|ein|utr|tfn|numéro fiscal|codice fiscale|c.f.|cf"
    "|nif|dni|nie|cif|cpf|cnpj|rg|pis|nit|rfc|curp|ine|cédula|cedula|rut|cuit|cuil|run|bsn|burgerservicenummer"
    "|sofinummer"
    "|personnummer|samordningsnummer|fødselsnummer|cpr|cpr-nummer|cpr nr|hetu|henkilötunnus|kennitala|pesel"
    "|rodné číslo|rč"
    "|cnp|egn|егн|oib|jmbg|emšo|személyi szám|adószám|taj szám|taj|isikukood|asmens kodas|personas kods|инн|снилс"
    "|іпн|рнокпп"
    "|tc kimlik|t.c. kimlik no|tckn|amka|αμκα|αφμ|rijksregisternummer|numéro national|registre national|niss|insz"
    "|ahv|ahv-nummer|ahv-nr|avs|numéro avs|aadhaar|aadhar|pan card|pan number|pan no|pan|voter id|epic|sin|sin number"
    "|nric|fin number|mykad|my kad|nik|ktp|cccd|cmnd|hkid|my number|आधार|pps number|pps no|ppsn|pps|id nummer|id-nummer"
    "|account number|bank account|account no|acct|a/c no|kontonummer|konto-nr|kontonr|número de cuenta|numéro de compte"
    "|conto corrente|numero di conto|número da conta|numer konta|rekeningnummer|bankkonto|číslo účtu|bankszámlaszám"
    "|номер счета|номер счёта|лицевой счет|hesap no|routing number|sort code|blz|clabe|imei|iban|bic and account"
    "|licence plate|license plate|number plate|kennzeichen|immatriculation|vin|matrícula"
)
GLUED_DOCUMENT = (
    "身份证|身份證|护照|護照|统一编号|銀行卡|银行卡|账号|帳號|社保|驾驶证|パスポート|旅券|マイナンバー"
    "|運転免許|口座番号"
    "|免許証|주민등록번호|주민번호|여권|계좌번호|운전면허"
)
PHONE = (
    "phone|phones|telephone|tel|tel.|mobile|mobile number|cell|cell phone|cellphone|call|calls|called|calling|ring|dial"
    "|text me|sms|whatsapp|signal|telegram|viber|fax|phone number|contact number|reach me|reachable|landline"
    "|hotline|number is"
    "|telefon|telefonnummer|tel.-nr.|handy|handynummer|mobil|mobilnummer|rufnummer|anrufen|ruf|rufen|erreichbar"
    "|festnetz"
    "|rückruf|teléfono|telefono|móvil|movil|celular|llámame|llámeme|llamar|llamen|llame|llamadme|número de"
    "|téléphone|tél|tél."
    "|portable|appelez|appeler|appelle|joindre|rappeler|rappelez|cellulare|chiamate|chiamami|chiamare|recapito"
    "|chiamatemi"
    "|telefone|telemóvel|telemovel|ligue|ligar|liguem|celular|telefonu|komórka|komórkowy|zadzwoń|dzwonić|zadzwonić"
    "|proszę dzwonić"
    "|telefoon|telefoonnummer|mobiel|bel|bellen|gsm|06-nummer|telefonnumret|telefonen|ring mig|ringa|mobilen|tlf"
    "|tlf.|ringe"
    "|puhelin|puhelinnumero|puh|soita|matkapuhelin|mobil|zavolejte|volejte|volajte|telefonszám|hívjon|hívj"
    "|telefonul|sunați|sunati"
    "|telefonum|cep|cep telefonu|arayın|ara|телефон|телефона|тел|тел.|мобильный|моб|звоните|позвоните|звонить|номер"
    "|дзвоніть|телефонувати"
    "|τηλέφωνο|τηλ|κινητό|καλέστε|هاتف|جوال|موبايل|اتصل|الهاتف|טלפון|נייד|התקשרו|फ़ोन|फोन|मोबाइल|कॉल|điện thoại|sđt"
    "|telepon|hp|hubungi"
)
GLUED_PHONE = "电话|電話|手机|手機|致电|携帯|전화|전화번호|휴대폰|연락처"
LINK = (  # verbs between a word and its value
    "is|are|was|were|be|being|equals|became|reads|goes|to|as|into|called"
    "|ist|lautet|lauten|war|heißt|heisst|wäre|sei|es|era|son|fue|será|est|était|sera|c'est|è|era|sono|sarà|é|são|foi"
    "|jest|brzmi|to|był|było|była|van|was|luidt|wordt|är|var|er|lyder|on|oli|je|bylo|zní|byl|az|volt|este|e|era"
    "|это|есть|был|была|является|такой|це|είναι|ήταν|هو|هي|הוא|היא|है|la|là|adalah|yaitu|คือ|a|auf|en|à|na|till|til"
    "|op|su|по|на|в|sobre|aan"
)
STILL = (  # adverbs between the verb and the value
    r"(?:(?:still|now|just|actually|currently|simply|literally|set|changed|set to|changed to|only|always"
    r"|the following|this"
    r"|noch|jetzt|nun|immer|aktuell|immer noch|weiterhin|todavía|ahora|sigue|siendo|actualmente|encore|toujours"
    r"|maintenant|actuellement"
    r"|ancora|adesso|ora|sempre|ainda|agora|sempre|nadal|teraz|nog|steeds|nu|fortfarande|stadig|nyt|teď|stále"
    r"|теперь|сейчас|всё ещё)[ :]+)?"
)
# Beginnings of words that describe a password instead of being one.
STATE = re.compile(
    r"(?:wrong|incorrec|inkorre|invalid|inválid|non ?valid|expir|not\b|no\b|nor\b|never|too\b|so\b|very|missing"
    r"|correct|right|required|"
    r"need|requir|reset|forgot|lost|unknown|weak|short|long|strong|stron|safe|secur|insecure|same|here|there|empty"
    r"|gone|blank|"
    r"null|none|hidden|visible|case|ok\b|okay|fine|good|bad|better|old|new|different|differ|always|already|only|still|"
    r"just|now|again|being|in\b|on\b|at\b|for\b|from|of\b|by\b|to\b|and\b|or\b|but\b|if\b|when|what|where|why|how"
    r"|who|that|this|"
    r"the\b|a\b|an\b|my\b|your|his|her|its|our|their|it\b|i\b|we\b|you|he\b|she|they|was|is\b|has|have|had|does|did"
    r"|do\b|can|cannot|"
    r"could|should|would|will|must|may|might|works?|work|fail|never|also|even|ever|longer|displayed|shown|shared|"
    r"stored|saved|default|public|private|secret|optional|mandator|import|sensitive|complete|impossible|possible|"
    r"easy|hard|difficult|simple|available|broken|dead|useless|valid|accept|reject|refus|block|lock|disabled"
    r"|enabled|hash|encrypt|"
    r"obliga|obriga|obblig|verplicht|wymagan|povinn|zorunlu|обязат|requerid|nödvänd|påkræv|pakoll|pflicht|vereist|"
    r"falsch|richtig|korrekt|ungültig|gültig|abgelaufen|vergessen|verloren|weg\b|leer|kurz|lang|sicher|unsicher"
    r"|schwach|stark|nötig|"
    r"erforderlich|unbekannt|gesperrt|geändert|nicht|kein|zu\b|immer|schon|noch|wieder|der\b|die\b|das\b|den\b"
    r"|dem\b|ein|mein|mir|"
    r"ich|es\b|er\b|sie|wir|und|oder|aber|für|von|mit|ohne|auf|aus|bei|nach|wird|wurde|ist|hat|war\b|soll|muss|kann"
    r"|defekt|bekannt|"
    r"incorret|vencid|caduc|olvid|errad|erróne|errone|vací|débil|cort[ao]|larg[ao]|segur|necesari|nul[ao]|"
    r"muy|demasiado|un[ao]?\b|el\b|los|las|que|se\b|para|por|con\b|sin\b|de\b|del|al\b|mi\b|tu\b|su\b|está|ya\b"
    r"|ha\b|y\b|o\b|pero|"
    r"faux|fausse|incorrecte|invalide|oubli|perdu|vide|faible|court|sûr|requis|nécessaire|inconnu|bloqu|erron|"
    r"pas\b|trop|très|toujours|jamais|bien|mal|le\b|les\b|un|une|mon|ma\b|et\b|ou\b|mais|pour|par\b|avec|sans|du\b"
    r"|des\b|qui|ne\b|n'|"
    r"sbagliat|errat|scadut|dimenticat|corrett|valid|vuot|debole|cort|lung|sicur|necessari|sconosciut|bloccat|non\b"
    r"|troppo|molto|"
    r"il\b|lo\b|gli|una|mio|mia|che|e\b|per|con|senza|è\b|expirou|esqueci|curta|longa|fraca|forte|vazia|desconhec"
    r"|não|nao|muito|"
    r"uma|meu|minha|os\b|as\b|mas|com|sem|em\b|na\b|no\b|nie|błędn|nieprawid|niepopr|popraw|wygas|zapomn|pust|słab"
    r"|krótk|"
    r"zbyt|już|jest|moj|mój|do\b|dla|z\b|w\b|i\b|lub|ale|verkeerd|onjuist|ongeldig|verlopen|vergeten|juist|goed"
    r"|leeg|zwak|niet|geen|"
    r"te\b|een|het|mijn|voor|van|met|zonder|maar|fel\b|felaktig|ogiltig|glömt|rätt|tom\b|svag|inte|ej\b|ett|en\b"
    r"|min\b|mitt|och|"
    r"men|med|utan|forkert|ugyldig|glemt|udløbet|feil|utløpt|ikke|og\b|uden|uten|väär|vanh|unoht|ei\b|oikein|"
    r"špatn|nesprávn|neplat|zapomněl|není|не\b|невер|неправ|непр|устар|просроч|истек|забы|утер|прост|слаб|сильн"
    r"|корот|длин|верн|прав|"
    r"пуст|нужен|требу|мой|моя|для|от\b|и\b|или|но\b|yanlış|hatalı|geçersiz|doğru|unut|boş|zayıf|değil|greșit"
    r"|incorect|uitat|gresit|"
    r"hibás|rossz|érvénytelen|lejárt|λάθος|λανθασμέν|غير|خاطئ|خطأ|שגוי|לא\b|गलत|नहीं|sai\b|không|salah|tidak)"
    r"|.*(?:ed|ing|able|ible|ado|ada|idos?|idas?|ée?s?|ato|ata|uto|uta|igt|lig|lich|tig|ig)$",
    re.I,
)


def words(*tables: str, ending: str = "") -> str:
    """Return a pattern of the words in `tables`, longest first, as whole words, with an optional ending."""
    found = sorted({word for table in tables for word in table.split("|")}, key=lambda word: (-len(word), word))
    return rf"(?<![\w\x00])(?:{'|'.join(re.escape(word) for word in found)}){ending}(?!\w)"


def glued(*tables: str) -> str:
    """Return a pattern of words from scripts without spaces, anywhere in a text."""
    found = sorted({word for table in tables for word in table.split("|")}, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(re.escape(word) for word in found)})"
