"""The titles that admonitions without one of their own have, in the article's language."""

from __future__ import annotations

import re

KINDS = ("note", "info", "tip", "warning", "danger", "example", "quote")
TITLES = {
    "ar": ("ملاحظة", "معلومة", "نصيحة", "تحذير", "خطر", "مثال", "اقتباس"),
    "de": ("Hinweis", "Info", "Tipp", "Warnung", "Gefahr", "Beispiel", "Zitat"),
    "es": ("Nota", "Información", "Consejo", "Advertencia", "Peligro", "Ejemplo", "Cita"),
    "fr": ("Remarque", "Info", "Astuce", "Avertissement", "Danger", "Exemple", "Citation"),
    "it": ("Nota", "Informazione", "Suggerimento", "Avvertenza", "Pericolo", "Esempio", "Citazione"),
    "ja": ("注記", "情報", "ヒント", "警告", "危険", "例", "引用"),
    "nl": ("Opmerking", "Info", "Tip", "Waarschuwing", "Gevaar", "Voorbeeld", "Citaat"),
    "pl": ("Uwaga", "Informacja", "Wskazówka", "Ostrzeżenie", "Niebezpieczeństwo", "Przykład", "Cytat"),
    "pt": ("Nota", "Informação", "Dica", "Aviso", "Perigo", "Exemplo", "Citação"),
    "ru": ("Примечание", "Информация", "Совет", "Предупреждение", "Опасность", "Пример", "Цитата"),
    "uk": ("Примітка", "Інформація", "Порада", "Попередження", "Небезпека", "Приклад", "Цитата"),
    "zh": ("注意", "信息", "提示", "警告", "危险", "示例", "引用"),
}
_TITLE = re.compile(r'(<p class="admonition-title">|<summary>)(\w+)(?=</p>|</summary>)')


def translate(html: str, lang: str) -> str:
    """Return `html` with the default titles of admonitions in `lang`, where we know them."""
    known = dict(zip(KINDS, TITLES.get(lang.split("-")[0], ()), strict=False))
    if not known:
        return html
    return _TITLE.sub(lambda match: match[1] + known.get(match[2].lower(), match[2]), html)
