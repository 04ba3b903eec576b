"""Find streets, home folders, and names of documents that may contain a person's name."""

from __future__ import annotations

import re

from deflect.redaction.spans import Span, rule

# Streets with a house number in several languages. "Drive" is left out because of Google Drive.
NAME = r"[A-ZÁÉÍÓÚÑÄÖÜ][\w'.’-]{1,30}"
ROADS = r"Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Boulevard|Blvd\.?|Terrace|Crescent"
STREETS = (
    rf"\b\d{{1,5}}[A-Za-z]?,?[ ](?:{NAME}[ ]){{1,3}}(?:{ROADS})(?!\w)",
    r"\b[A-ZÄÖÜ][\w-]{1,30}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|straat|gracht|laan|gatan|vägen"
    r"|gade)[ ]\d{1,4}[ ]?[a-z]?\b",
    r"\b(?:[Cc]alle|[Aa]venida|Avda\.|[Pp]laza|[Pp]aseo|[Cc]arrer|C/|[Vv]ia|[Vv]iale|[Pp]iazza|[Rr]ua|[Uu]l\.|ulica"
    r"|ул\.|улица)[ ]?"
    r"(?:(?:de|del|la|las|los|el|da|do|das|dos|della|dei)[ ]){0,2}"
    r"(?:[A-ZÁÉÍÓÚÑÄÖÜŁŚŻА-Я][\w'.’-]{1,30}[ ,]+){1,4}(?:n\.?[ºo]?[ ]?|д\.[ ]?)?\d{1,4}\b",
    r"\b\d{1,4}(?:[ ]?bis)?,?[ ](?:rue|avenue|boulevard|chemin|quai)[ ]"
    rf"(?:(?:de|du|des|la|le|les)[ ]|[dl]['’]){{0,2}}{NAME}(?:[ ]{NAME}){{0,3}}",
)
DOCUMENTS = "pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|eml|msg|pages|numbers"
# Words of document names that say nothing about a person. A file with other words may contain a name.
GENERIC = frozenset(
    "a about account"
    " accounts"
    " admin agenda agreement all an and annual api app application apr april article aug august backup bill billing"
    " book brochure"
    " budget by calendar card catalog catalogue certificate change changelog chapter checklist code company config"
    " contract"
    " copy cover"
    " customer customers data dec december default delivery demo design diagram doc document documentation documents"
    " draft email"
    " employee"
    " en error example expense expenses export faq feb february feedback file files final finance for form forms full"
    " getting"
    " guide guides"
    " handbook handout help hours how import index info inventory invoice invoices issue jan january jul july jun june"
    " letter license"
    " list log"
    " logo mail"
    " manual mar march may meeting menu minutes model monthly my new newsletter nov november notes oct october"
    " of offer"
    " office old"
    " on onboarding order orders organization overview page part payment plan policy poster presentation press price"
    " prices pricing"
    " print privacy"
    " product products profile project proposal purchase quarter quarterly questionnaire quick quote read readme"
    " receipt"
    " reference"
    " release"
    " report reports request results return review roadmap sales sample scan scanned schedule screenshot security"
    " sep september"
    " service"
    " setup sheet shipping signed slides software spec specification standard start statement status step steps summary"
    " support"
    " survey system"
    " table tax template terms test the ticket timesheet to training troubleshooting tutorial unsigned untitled update"
    " and address addresses condition"
    " conditions"
    " statement"
    " bank course flyer faqs instruction instructions manuals list lists logo map overview policies tariff rules"
    " user users"
    " version"
    " warranty week weekly white paper whitepaper with work workshop year yearly your rev ver install installation"
    " rechnung"
    " rechnungen vertrag handbuch anleitung bedienungsanleitung bericht angebot vorlage formular liste preisliste kopie"
    " entwurf"
    " protokoll"
    " antrag kündigung lieferschein bestellung übersicht anhang dokument und die der factura facturas contrato informe"
    " manual usuario"
    " guía guia plantilla formulario lista precios copia borrador pedido presupuesto documento de del la el facture"
    " factures"
    " contrat"
    " rapport mode emploi modèle formulaire liste prix copie brouillon commande devis du le les fattura contratto"
    " rapporto"
    " manuale"
    " modello modulo listino prezzi ordine preventivo fatura relatório relatorio modelo pedido orçamento faktura umowa"
    " raport instrukcja"
    " formularz cennik zamówienie oferta factuur handleiding rapport formulier prijslijst faktura avtal manual".split()
)
NOBODY = frozenset(
    "user users"
    " shared public"
    " default admin administrator root runner ubuntu debian node app git svn username you me name yourname your-name"
    " vagrant"
    " pi ec2-user"
    " jenkins build builder deploy postgres mysql nginx apache www www-data ftp web guest docker linuxbrew all".split()
)


def _file(match: re.Match[str]) -> Span | None:
    """Return the name of a document with two or more words, if one of them may be a person's name."""
    words = [part.lower() for part in re.split(r"[_\W\d]+", match[1]) if len(part) > 1]
    return match.span(1) if len(words) > 1 and not GENERIC.issuperset(words) else None


def _home(match: re.Match[str]) -> Span | None:
    return None if match[1].lower() in NOBODY else match.span(1)


PLACES = (
    rule("user", r"(?i)\b[a-z]:[\\/]{1,2}(?:users|benutzer|usuarios|utilisateurs|utenti"
        r"|documents and settings)[\\/]{1,2}([^\\/\n:\"<>|\x00]{1,60})(?=[\\/])", _home, needs="\\/"),
    rule("user", r"(?<![\w.:/])/(?:home|Users)/([^\s/:;,\"'<>\x00]{1,60})", _home, needs="/"),
    rule("file", rf"(?i)(?<![\w.-])([^\W\d][\w-]{{2,80}})\.(?:{DOCUMENTS})\b", _file, needs="."),
    rule("address", "|".join(STREETS)),
)  # fmt: skip
