"""Imports go one way: a module uses only what stands above it in the list, and each outside library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("kb", "search", "deflect")
LAYERS = """
kb.anchors kb.budget kb.bundles kb.channels kb.errors kb.family kb.headers kb.history kb.languages kb.lists kb.parts
kb.problem kb.progress kb.recipe kb.sanitise kb.titles
kb.config kb.demo kb.dialect kb.findings kb.folder kb.frontmatter kb.i18n kb.outline kb.page_files
kb.origin kb.schema kb.widget
kb.channel_file kb.contexts kb.foreign
kb.liquid
kb.habits
kb.article
kb.categories kb.links kb.outdated kb.parsed
kb.redirects kb.render
kb.library kb.pages
kb.facts kb.rows
kb.lint kb.snapshot kb.vanished
kb.shelf
kb.address
search.analyzer search.hit search.logistic search.metrics search.postings search.spelling
search.floor search.fusion search.keyword search.language search.model search.query
search.exporting search.lexical search.message search.training
search.embedder
search.learned search.vectors
search.passage
search.generation search.snippet
search.reuse search.semantic
search.filing
search.writing
search.beir search.collection
search.answers search.figures search.ranking search.runs
search.completion search.index search.questions search.stages search.tongue
search.searcher
search.current search.learning
search.mining
search.evaluation
search.calibrating search.side_by_side
deflect.clock deflect.elements deflect.events deflect.experiment deflect.limits deflect.machines
deflect.file_kinds deflect.policy deflect.redaction deflect.writer_socket
deflect.schema deflect.snippet deflect.statistics deflect.wording
deflect.address deflect.clicks deflect.clusters deflect.delivery deflect.exploration deflect.lines
deflect.numbers deflect.receipt deflect.refusal deflect.signature deflect.store
deflect.attachments deflect.expiring_keys deflect.mail_text deflect.mail_threads
deflect.file_links
deflect.activity deflect.changes deflect.desk_numbers deflect.export deflect.gaps deflect.owner_page deflect.people
deflect.popular deflect.removal deflect.smtp deflect.tickets deflect.tokens deflect.trail deflect.webhook
deflect.zendesk
deflect.outcomes deflect.page_check deflect.sinks deflect.timeline deflect.writes
deflect.article_effects deflect.desk deflect.drafts deflect.effect deflect.episode_detail deflect.moving
deflect.search_numbers deflect.told
deflect.agents deflect.episode_numbers deflect.mail_writes deflect.searches
deflect.writer
deflect.accounts deflect.outbox deflect.report deflect.retention
deflect.counted deflect.trends
deflect.charts
deflect.forecast_page
deflect.references
deflect.unanswered
deflect.services
deflect.file_keys deflect.identity deflect.origins deflect.ways
deflect.consent deflect.cors deflect.episode deflect.given_files deflect.held_files deflect.uploads
deflect.context_cards deflect.erasure deflect.log deflect.past_contacts deflect.web
deflect.offer
deflect.contact
deflect.api_shapes deflect.elsewhere deflect.here deflect.login deflect.mail deflect.past_tickets
deflect.mail_in deflect.mailbox deflect.openapi deflect.past_events
deflect.advice deflect.api deflect.example deflect.lessons deflect.playground deflect.replay
deflect.agent_pages deflect.evidence deflect.forecast deflect.report_pages deflect.ticket_pages
deflect.tuned
deflect.judging deflect.proposed_queries deflect.proposed_words
deflect.proposals deflect.tuning
deflect.fine_tuning
deflect.admin
kb.serve
kb.background
kb.doctor kb.outside
kb.files
kb.page
kb.seo
kb.feed kb.reading kb.results
kb.form_files
kb.forms
kb.site
kb.indexing
kb.app kb.checking
kb.web
kb.command
kb.command_agents kb.command_articles kb.command_desk kb.command_import kb.command_mail kb.command_measuring
kb.command_serving
kb.cli
kb.tables
"""

WEB = "services uploads given_files web cors identity here login api admin playground agent_pages"
ADMIN = "report_pages ticket_pages"
SITE = "app demo feed files form_files forms headers i18n page reading results seo site widget"
HOMES = {
    "datasets": {"search.training"},
    "flask": {*(f"deflect.{name}" for name in f"{WEB} {ADMIN}".split()), *(f"kb.{name}" for name in SITE.split())},
    "gunicorn": {"kb.web"},
    "jwt": {"deflect.tokens"},
    "markdown": {"kb.dialect", "kb.budget"},
    "nh3": {"kb.sanitise"},
    "onnxruntime": {"search.embedder"},
    "pygal": {"deflect.charts"},
    "sentence_transformers": {"search.exporting", "search.training"},
    "torch": {"search.exporting", "search.training"},
    "whoosh": {"search.analyzer", "search.keyword", "search.language"},  # its stop words too
}


def modules() -> list[str]:
    """Return the names of our modules."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).glob("*.py"))]
    return [f"{path.parent.name}.{path.stem}" for path in found if path.name != "__init__.py"]


def imports(module: str) -> set[str]:
    """Return what a module imports, anywhere in it."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


PLACES = {module: line for line, text in enumerate(LAYERS.splitlines()) for module in text.split()}


def test_every_module_has_its_place() -> None:
    assert sorted(PLACES) == sorted(modules())


@pytest.mark.parametrize("module", sorted(PLACES))
def test_a_module_imports_only_from_the_lines_above_it(module: str) -> None:
    below = {name for name in imports(module) & set(PLACES) if PLACES[name] >= PLACES[module]}
    assert not below


@pytest.mark.parametrize(("library", "homes"), sorted(HOMES.items()))
def test_an_outside_library_has_one_home(library: str, homes: set[str]) -> None:
    users = {m for m in modules() if any(name == library or name.startswith(library + ".") for name in imports(m))}
    assert users <= homes


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_file_is_empty(package: str) -> None:
    assert not (ROOT / package / "__init__.py").read_text(encoding="utf-8").strip()
