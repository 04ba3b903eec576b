// What is secret: fields for cards, codes, accounts, national ids and passwords, and such numbers within a text.

const HOLE = "[…]";
const seen = new WeakSet(); // fields that were password fields, also after "show password"

// Whole words, beginnings of words, and what may stand anywhere, as in compounds and in scripts without blanks.
const WHOLE = "cc|ccn|cv[cvn]2?|csc|cid|cvd|iban|clabe|ssn|sin|nino?|tin|ni|dni|ni[efpr]|nss|nuip|cpf|cnpj|rg|bsn|"
  + "ahv|cnp|egn|oib|rut|rfc|curp|cui[lt]|pan|pin|tan|otp|totp|[2m]fa|pwd?|pass|psw|mdp|tckn?|"
  + "t\\.?c\\.? kimlik|инн|cartes?|clave|karty|karta|kart|hetu|cpr|ssno";
const START = "card|cc ?(?:n|exp|cs|cv)|credit ?c|social ?sec|national ?(?:id|ins|num)|(?:id|identity) ?(?:card|"
  + "num|doc)|tax ?(?:id|pay|num)|driv\\p{L}+ ?lic|licen[cs]e num|pin ?code|one ?time|pass ?(?:code|"
  + "phrase|key|no)|(?:security|verif\\p{L}*|access|auth\\p{L}*|sms|login|confirmation|recovery|"
  + "backup) ?(?:code|phrase|key)|seed ?phrase|secret|token|api ?key|private ?key|sort ?code|routing|"
  + "bank ?acc|carta di|numero (?:della )?carta|code de|c[oó]digo de (?:seg|ver)|codice (?:di sic|fisc|"
  + "di ver)|codfis|kod (?:bezp|wery)|s[eé]curit[eé] soc|insee|permis de|carnet de con|licencia de con|"
  + "c[eé]dula|aadhaar|rodn|prawo jazdy|dow[oó]d|sifre|şifre|clave de|jmbg|amka|personal ?(?:id|code|"
  + "num)|isikuk|код (?:без|под|из)|g[uü]venlik kod|do[gğ]rulama|kimlik";
const ANYWHERE = "passwor|passwd|passord|parol|пароль|пароля|passport|passeport|pasaport|passaport|paspoort|паспорт|"
  + "reisepass|passnummer|kennwort|einmal(?:code|pass|kenn)|(?:sicherheits|best[aä]tigungs|verificatie|"
  + "veiligheids)code|pr[uü]e?f(?:ziff|numm|code)|kredit ?kart|karten ?n|kaartnum|creditcard|"
  + "kort(?:nummer|nr)|kortin|kártya|kartu|cart[aã]o|tarjeta|kontonummer|steuer[ -]?(?:id|n)|ausweis|"
  + "sozialvers|personnummer|f[oø]dselsn|henkil[oö]t|burgerserv|rijksregister|rijbewijs|f[uü]hrerschein|"
  + "pesel|снилс|contrase|mot de passe|palavra.passe|senha|hasł|haslo|wachtwoord|l[oö]senord|adgangskode|"
  + "salasana|heslo|jelsz|cryptogramme|картк?[аиуы]|κάρτ|סיסמ|כרטיס|תעודת זהות|بطاقة|"
  + "كلمة ?(?:ال)?(?:مرور|سر)|جواز|الهوية|कार्ड|पासवर्ड|カード|暗証|パスワード|パスポート|マイナンバー|個人番号|免許|セキュリティ|(?:認証|"
  + "確認)コード|卡号|卡號|信用卡|银行卡|身份证|身分證|密[码碼]|(?:安全|验证)码|驗證碼|护照|驾|카드|비밀번호|인증|주민|여권|mật khẩu|thẻ|รหัสผ่าน|บัตร|"
  + "sandi";
const WORD = `(?:(?<![\\p{L}\\d])(?:(?:${WHOLE})(?![\\p{L}])|${START})|${ANYWHERE})`;
const NAME = new RegExp(`${WORD}|^code$`, "iu");
const AUTOCOMPLETE = /\b(cc-|one-time|\w+-password)/;
const DIGITS = /^[\\d[\]0-9{},+*^$()?|-]*$/; // a pattern of nothing but digits

// National ids: SSN, CPF, CNPJ, codice fiscale, CURP, DNI, NIE, NINO, Nordic, Korean, Chinese, NIR, PAN, Aadhaar.
const FORMS = [
  "\\d{3}-\\d\\d-\\d{4}", "\\d{3}\\.\\d{3}\\.\\d{3}-\\d\\d", "\\d\\d\\.\\d{3}\\.\\d{3}/\\d{4}-\\d\\d",
  "[a-z]{6}\\d\\d[a-z]\\d\\d[a-z]\\d{3}[a-z]", "[a-z]{4}\\d{6}[hm][a-z]{5}\\w\\d", "(?:\\d{8}|[xyz]-?\\d{7})-?[a-z]",
  "[a-z]{2} ?\\d\\d ?\\d\\d ?\\d\\d ?[a-d]", "(?:\\d\\d)?\\d{6}[-+]\\d{4}", "\\d{6}[-+a]\\d{3}[a-z]", "\\d{6}-\\d{7}",
  "\\d{6}(?:19|20)\\d\\d[01]\\d[0-3]\\d{4}[\\dx]", "[12] ?\\d\\d ?[01]\\d ?\\d[\\dab] ?\\d{3} ?\\d{3} ?\\d\\d",
  "[a-z]{5}\\d{4}[a-z]", "\\d{4} \\d{4} \\d{4}",
].join("|");
const AFTER = `${WORD}[\\p{L}\\d]{0,12}[\\s:：=.#№-]*(?:\\p{L}{1,8}[\\s:=.#-]+)?`
  + "(\\d(?:[ ./-]?\\d){2,}\\w?|(?=\\S*\\d)[^\\s,;]{4,})";
const CODE = new RegExp(
  "(?<=(?<!error |erreur |fehler |\\p{L})(?:code|código|codice|kod|код)[\\s:=-]{1,3}(?:\\p{L}{1,4}[\\s:]+)?)"
  + "\\d{3}[ -]?\\d{3,5}(?![\\w-])",
  "giu",
);
const STEPS = [
  [/[a-z]{2}\d\d(?:[ -]?[a-z\d]){11,34}/gi, (run) => hide(run, isIban)],
  [/\d(?:[ .\u00a0-]?\d){12,}/g, (run) => hide(run, isCard)],
  [new RegExp(`(?<![\\w.-]|\\d )(?:${FORMS})(?![\\w-]| \\d)`, "gi"), (form) => blank(form)],
  [/(?<![\w.+-])(?:\d{9}|\d{6} ?\d{5})(?![\w-])/g, (digits) => (isPersonal(digits) ? blank(digits) : digits)],
  // A number or a mixed word after its name: "PIN: 1234", "my password is hunter22", "the code is 482913".
  [new RegExp(AFTER, "giu"), (all, value) => all.slice(0, -value.length) + blank(value)],
  [CODE, (code) => blank(code)],
];

const blank = (text) => "\0".repeat(text.length);

// Blank what is one, from a break between groups to another: numbers before and after it stay.
function hide(run, isOne) {
  const within = (at) => /\w\w/.test(run.slice(Math.max(at - 1, 0), at + 1)) && at > 0;
  for (let from = 0; from < run.length; from++) {
    for (let to = run.length; to > from + 12; to--) {
      if (/\W/.test(run[from] + run[to - 1]) || within(from) || within(to)) continue;
      if (!isOne(run.slice(from, to).replace(/\W/g, ""))) continue;
      return run.slice(0, from) + blank(run.slice(from, to)) + hide(run.slice(to), isOne);
    }
  }
  return run;
}

// The lengths of each network, so that IMEIs and bar codes are no cards; then the check digit by Luhn.
function isCard(digits) {
  if (!/^(3[47]\d{13}|3[0689]\d{12}|4\d{12}|([2-6]|9792)\d{15,18})$/.test(digits) || digits.length > 19) return false;
  const value = (digit, index) => (index % 2 ? (digit * 2) % 9 || +digit : +digit);
  return [...digits].reverse().reduce((sum, digit, index) => sum + value(digit, index), 0) % 10 === 0;
}

// National ids without marks: the modulus, then the weights of the digits and a date that the id begins with.
const SUMS = [
  [11, "98765432a"], // Netherlands
  [10, "13791379131", /^\d\d(?:[02468][1-9]|[13579][0-2])(?:0[1-9]|[12]\d|3[01])/], // Poland
  [11, "ba987654321", "a9876543210"], // Brazil
  [10, "11111111119", "79797979790"], // Türkiye
  [11, "37618945210", "54327654321"], // Norway
];

function isPersonal(text) {
  const digits = text.replace(" ", "");
  return SUMS.some(([modulus, ...tests]) => digits.length === tests[0].length && tests.every((test) => {
    if (test.test) return test.test(digits);
    const rest = [...test].reduce((sum, weight, at) => sum + parseInt(weight, 36) * digits[at], 0) % modulus;
    return rest === 0 || (rest === 1 && modulus === 11 && digits[test.replace(/0+$/, "").length - 1] === "0");
  }));
}

function isIban(text) {
  const turned = text.slice(4) + text.slice(0, 4);
  return text.length < 35 && BigInt(turned.replace(/\D/g, (letter) => parseInt(letter, 36))) % 97n === 1n;
}

/** Return a text with a mark in the place of each card number, IBAN, national id and named code. */
export function masked(text) {
  const plain = text.replace(/[０-９٠-٩۰-۹]/g, (digit) => digit.charCodeAt() & 15);
  if (!/\d/.test(plain)) return text;
  const holed = STEPS.reduce((left, [pattern, act]) => left.replace(pattern, act), plain);
  return holed.replace(/\0+|[^\0]+/g, (part, at) => (part[0] === "\0" ? HOLE : text.slice(at, at + part.length)));
}

/** Return true if a field is for a secret, by its type, autocomplete, names, labels, pattern or length. */
export function isSecret(field) {
  if (field.type === "password") seen.add(field);
  const of = (name) => field.getAttribute?.(name) ?? "";
  const style = field.localName === "input" && getComputedStyle(field).webkitTextSecurity;
  if (seen.has(field) || AUTOCOMPLETE.test(of("autocomplete")) || (style && style !== "none")) return true;
  const most = field.maxLength > 0 ? field.maxLength : +/\{(?:\d,)?(\d)\}$/.exec(of("pattern"))?.[1] || 99;
  const numeric = /numeric|decimal/.test(field.inputMode) || (of("pattern") && DIGITS.test(of("pattern")));
  if (most < 9 && (numeric || most === 1 || /^\d{4,8}$/.test(field.value))) return true;
  const before = (field.closest?.("td, dd") ?? field).previousElementSibling;
  const root = field.getRootNode?.();
  const by = of("aria-labelledby").split(" ").map((id) => id && root.getElementById?.(id));
  const named = [...(field.labels ?? []), before, ...by].map((node) => node?.textContent);
  const isLine = field.localName === "input"; // a text area has sentences around it, such as "no card numbers, please"
  return [of("name"), of("id"), of("placeholder"), of("aria-label"), of("title"), ...named].some((text) => {
    const words = (text ?? "").trim().replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_.[\]-]+/g, " ").trim();
    return words.length < 80 && (isLine ? NAME.test(words) : words.length < 40 && words.search(NAME) === 0);
  });
}
