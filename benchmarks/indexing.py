"""What importing the app costs beside importing the Functions libraries alone: at most 1.25 times as much."""

import statistics

from benchmarks import processor

TARGET = 1.25
REPEATS = 9
LIBRARIES = "import azure.functions, azure.durable_functions"
APP = "import function_app"
NOTHING = ""


def main(*, big: bool = False) -> bool:
    """Prints median milliseconds of processor time of fresh interpreters; whether the ratio keeps the target."""
    for code in (LIBRARIES, APP):
        processor.of_interpreter(code)  # compiles what was not compiled yet
    # By turns, so that a change of the machine's load meets all three alike.
    rounds = [[processor.of_interpreter(code) for code in (NOTHING, LIBRARIES, APP)] for _ in range(REPEATS)]
    bare, libraries, app = (statistics.median(each) for each in zip(*rounds, strict=True))
    ratio = (app - bare) / (libraries - bare)
    print(f"  interpreter alone  {bare:7.0f} ms")
    print(f"  libraries          {libraries - bare:7.0f} ms more")
    print(f"  function_app       {app - bare:7.0f} ms more, {ratio:.2f} of the libraries (target {TARGET})")
    return bool(ratio <= TARGET)
