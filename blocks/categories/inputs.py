"""The inputs that more than one category asks for.

Labels, and what is required, come from the models: they are written once, in the platform's words.
"""

from typing import get_args

from blocks.request_form.field import INPUT_LIMIT, FormField, Kind
from store.domain.categories.details import BasicInformation, Details, Feature


def detail(
    model: type[Details],
    key: str,
    kind: Kind = Kind.TEXT,
    *,
    hint: str = "",
    placeholder: str = "",
    limit: int = INPUT_LIMIT,
    options: tuple[tuple[str, str], ...] = (),
) -> FormField:
    """An input for a key of the details or, for a key of a feature, of that feature alone."""
    known = model.model_fields[key]
    return FormField(
        key if issubclass(model, Feature) else f"details.{key}",
        known.title or key,
        kind,
        required=known.is_required(),
        hint=hint,
        placeholder=placeholder,
        limit=limit,
        options=options,
    )


LANGUAGES = tuple(
    (code, f"{name} ({code})")
    for code, name in (
        *(("en", "English"), ("fil", "Filipino"), ("zh-Hans", "Chinese, simplified")),
        *(("zh-Hant", "Chinese, traditional"), ("id", "Indonesian"), ("ms", "Malay")),
        *(("th", "Thai"), ("vi", "Vietnamese"), ("ja", "Japanese"), ("ko", "Korean")),
        *(("hi", "Hindi"), ("bn", "Bengali"), ("ur", "Urdu"), ("ta", "Tamil"), ("si", "Sinhala")),
        *(("my", "Burmese"), ("km", "Khmer"), ("lo", "Lao"), ("ne", "Nepali"), ("mn", "Mongolian")),
        *(("kk", "Kazakh"), ("uz", "Uzbek"), ("ru", "Russian"), ("uk", "Ukrainian")),
        *(("tr", "Turkish"), ("ar", "Arabic"), ("fa", "Persian"), ("he", "Hebrew")),
        *(("es", "Spanish"), ("pt", "Portuguese"), ("fr", "French"), ("de", "German")),
        *(("it", "Italian"), ("nl", "Dutch"), ("pl", "Polish"), ("ro", "Romanian")),
        *(("el", "Greek"), ("sw", "Swahili"), ("am", "Amharic"), ("ha", "Hausa")),
        *(("yo", "Yoruba"), ("zu", "Zulu")),
    )
)
"""Offered for a language, those of the platform's own markets first; another one can be typed."""

BASIC_INFORMATION = (
    detail(
        BasicInformation,
        "type",
        Kind.RADIO,
        options=tuple((t, t) for t in get_args(BasicInformation.model_fields["type"].annotation)),
        hint="Cannot be changed later; another type is another mini program.",
    ),
    detail(BasicInformation, "language", Kind.SEARCH, placeholder="Search", options=LANGUAGES),
    detail(BasicInformation, "tagline", limit=300, hint="The short summary in search results."),
    detail(BasicInformation, "description", Kind.LONG),
    detail(BasicInformation, "logo", limit=1000, hint="Link to the image (https://…)"),
    detail(BasicInformation, "keywords", Kind.COMMAS, limit=1000, hint="Separated by commas."),
)
FEATURE = (
    detail(Feature, "name", limit=300, placeholder="Scan"),
    detail(Feature, "version", limit=64, placeholder="1.8"),
    detail(Feature, "description", Kind.LONG),
)
ADMIN_HINT = "Who administers the mini program: a name or an e-mail address."
