"""What people see of each category on screen: a file each, holding one frozen `Screen`.

`SCREENS` is the registry, beside `store.domain.request.SPECS`. Labels, sections and phrases are
the spec's; here are the inputs of the form and our own sentences. Open `screen.py` first.
"""

from blocks.categories import features, launch, offline, optimization, release
from store.domain.request import Category

SCREENS = {
    Category.RELEASE: release.SCREEN,
    Category.OFFLINE: offline.SCREEN,
    Category.LAUNCH: launch.SCREEN,
    Category.FEATURES: features.SCREEN,
    Category.OPTIMIZATION: optimization.SCREEN,
}
