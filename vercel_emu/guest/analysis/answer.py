"""All facts of a file. Run as a program, under the app's own interpreter, those of many files.

`python -I -S -B -c "import sys; sys.path.insert(0, sys.argv[1]); from analysis.answer import main;
main()" FOLDER`, where FOLDER holds this package, reads a JSON object on standard input (a file's
name -> its bytes, each as the character of that code) and writes one on standard output (name ->
the facts).
"""

from __future__ import annotations

import json
import sys

from .bindings import bindings
from .calls import calls
from .exports import exported
from .facts import Facts, Fault
from .imports import imports
from .parse import NotPythonError, parse
from .reads import reads
from .values import values


def facts_of(source: bytes) -> Facts:
    """The facts of one file by the grammar of the Python that runs this."""
    try:
        tree = parse(source)
        return Facts(
            export=exported(tree, source),
            imports=tuple(imports(tree)),
            calls=tuple(calls(tree)),
            bindings=tuple(bindings(tree)),
            values=tuple(values(tree)),
            reads=tuple(reads(tree)),
        )
    except NotPythonError as error:
        return Facts(fault=error.fault)
    except RecursionError:  # an expression of a thousand operators
        return Facts(fault=Fault("it is nested too deeply"))


def main() -> None:
    asked = json.loads(sys.stdin.buffer.read())
    found = {name: facts_of(text.encode("latin-1")) for name, text in asked.items()}
    sys.stdout.write(json.dumps(found))
