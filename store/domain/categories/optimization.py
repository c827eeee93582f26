"""Optimization Modify: change how the package is split."""

from pydantic import Field, StrictBool

from store.domain.categories.details import Bytes, Details
from store.domain.categories.phrases import labelled
from store.domain.categories.spec import Spec
from store.domain.categories.stored import Stored


class Optimization(Details):
    """The details of a change of sub-packages. Sizes are in bytes."""

    subpackage_enabled: StrictBool = Field(title="Sub-packaging enabled")
    whole_package_size: Bytes = Field(title="Whole Package Size")
    main_package_size: Bytes = Field(title="Main Package Size")
    sub_package_size: Bytes = Field(title="Sub Package Size")


def _phrases(details: Stored) -> tuple[str, ...]:
    enabled = details.get("subpackage_enabled")
    return (
        "" if enabled is None else f"sub-packages {'enabled' if enabled is True else 'disabled'}",
        *(labelled(part, f"{part}_package_size", details) for part in ("whole", "main", "sub")),
    )


SPEC = Spec(
    label="Optimization Modify",
    filter_name="optimization",
    default_title="Change sub-packages of {name}",
    model=Optimization,
    sections={"SubPackage Setting": tuple(Optimization.model_fields)},
    phrases=_phrases,
    needs_version=True,
    whole_size="whole_package_size",
)
