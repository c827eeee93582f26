"""The spec of a category: everything that is particular to it, in one frozen value.

What people see of it on screen beyond this stands in `blocks.categories`, a file each as well.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from store.domain.categories.details import Details
from store.domain.categories.stored import (
    Row,
    Stored,
    StoredFeature,
    bytes_of,
    features_in,
    is_size,
    text_of,
    value_of,
    without_change,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One titled part of the details page: (label, value) rows, then features if it has any.

    `features_label` heads the features where the section's own name does not speak of them.
    """

    name: str
    rows: tuple[Row, ...] = ()
    features: tuple[StoredFeature, ...] = ()
    features_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spec:
    """One category. Texts are plain; labels and section names are the platform's, verbatim."""

    label: str
    """Its name, as the platform's list prints it."""
    filter_name: str
    """Its name in a command: `category:release`."""
    default_title: str
    """The title of a request without one; `{name}` and `{version}` are filled in."""
    model: type[Details]
    """What its details hold. The titles of the fields are their labels."""
    sections: Mapping[str, tuple[str, ...]]
    """The keys of the details by section, both in the platform's order."""
    phrases: Callable[[Stored], Iterable[str]]
    """What a card says the request carries; an empty phrase is left out."""
    needs_version: bool = False
    """Whether a request without a version is refused. The form asks for one in any case."""
    has_target_app: bool = False
    """Whether it takes effect in one target app. The others concern a mini program in an
    environment, whatever the target app."""
    has_release_stages: bool = False
    """Whether release stages follow an approval, and a card compares it with the release before it
    on its target. The statements that look for releases name `Category.RELEASE`."""
    whole_size: str = ""
    """The key of the size that its other sizes are parts of."""

    def what_changes(self, details: Stored) -> tuple[str, ...]:
        """Short phrases for a card. Never raises for stored details."""
        return tuple(phrase for phrase in self.phrases(details) if phrase)

    def sections_of(self, details: Stored) -> tuple[Section, ...]:
        """The details as the page shows them; keys the platform does not name come under "More".

        What is empty is left out. Never raises for stored details.
        """
        fields, parts = self.model.model_fields, []
        for name, keys in self.sections.items():
            rows = (
                (fields[key].title or key, value_of(key, details) + self._share(key, details))
                for key in keys
                if key != "features"
            )
            parts.append(
                Section(
                    name,
                    tuple(row for row in rows if row[1]),
                    features_in(details) if "features" in keys else (),
                    "" if keys == ("features",) else "Features",
                )
            )
        more = ((k, text_of(v)) for k, v in without_change(details).items() if k not in fields)
        parts.append(Section("More", tuple(more)))
        return tuple(part for part in parts if part.rows or part.features)

    def _share(self, key: str, details: Stored) -> str:
        """ " (31%)": a size beside the whole it is a part of."""
        if not is_size(key) or key == self.whole_size:
            return ""
        part, whole = bytes_of(key, details), bytes_of(self.whole_size, details)
        return f" ({part / whole:.0%})" if part and whole and part <= whole else ""
