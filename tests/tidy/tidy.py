#!/usr/bin/env python3
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
"""House rules that a program can check. `tidy.py <root>` prints what breaks them and exits with 1 if anything does.

A rule is a function (path, text) -> [(line, message)]; `path` is relative to the root, with forward slashes. Rules on
C++ that say so get its text with comments and literals blanked out, lines kept. tidy_test.py shows that each can fail.
"""
import re
import sys
from pathlib import Path

FOLDERS = ("include", "lib", "tests", "bench", "examples", "cmake", "docs", ".ci")
ROOT_FILES = ("dev", "CMakeLists.txt", "CMakePresets.json",
              "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")

# Rooms stand on floors: a room includes lower floors and itself, never a neighbour...
FLOORS = {
    "base": 0,
    "memory": 1, "expiry": 1, "eviction": 1, "stats": 1, "store": 1,
    "collections": 2, "simulator": 2, "advice": 2,
    "keyspace": 3,
    "commands": 4, "loading": 4,
    "cache": 5,
    "stores": 6, "endpoint": 6,
    "near": 7,
}
# Rooms that are what a user could write: they see the public headers only, and so lock with the standard library.
OUTSIDERS = {"stores"}
# ... but for these.
NEIGHBOURS = {("eviction", "memory"), ("expiry", "memory")}
# What the demo, an example by where it stands, shares with the benches.
OPEN_TO_EXAMPLES = {"base/json_text.h", "simulator/trace.h"}

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
# In pieces, so that this file does not break its own rules.
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "misc", "detail", "details", "impl"}
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SKIPPED = re.compile(r"\bGTEST_" r"SKIP\b|\bDISA" r"BLED_")
MACHINE_PATH = re.compile(r"(?<![\w.~}:/-])/(?:home|root|work|workspace|mnt|Users)/\w")
LOCK = re.compile(
    r"\bstd::(?:\w*mutex|condition_variable\w*|(?:unique|scoped|shared)_lock|lock_guard|counting_semaphore|latch)\b"
    r"|\babsl::\w*Mutex\w*|\babsl::CondVar\b|\bpthread_(?:mutex|rwlock|cond|spin)\w*"
    r"|#\s*include\s*<(?:mutex|shared_mutex|condition_variable|absl/synchronization/\w+\.h)>")
CLOCK = re.compile(
    r"\b\w*_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|\b(?:std::)?time\s*\(\s*(?:nullptr|NULL|0)\s*\)"
    r"|\b(?:std::)?clock\s*\(\s*\)(?!\s*(?:const|noexcept|override|\{))|\b__rdtscp?\b|\b__builtin_ia32_rdtsc\b")
INCLUDE = re.compile(r"#\s*include\s*([<\"])([^>\"]+)[>\"]")


def is_cpp(path):
    return path.endswith((".h", ".cc"))


def room_of(path):
    """The room of lib/ a file is in, or None."""
    parts = path.split("/")
    return parts[1] if parts[0] == "lib" and len(parts) > 2 else None


def matches(pattern, text, message):
    return [(text.count("\n", 0, m.start()) + 1, f"{message}: {m.group().strip()}") for m in pattern.finditer(text)]


def blank(text):
    """C++ with the contents of comments and literals replaced by spaces."""
    token = re.compile(
        r"//(?:\\\n|[^\n])*|/\*.*?\*/"
        r'|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'
        r'|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)

    def spaces(match):
        if re.search(r"#\s*include\s*$", text[max(0, match.start() - 40):match.start()]):
            return match.group()  # the name of a file
        return re.sub(r"[^\n]", " ", match.group())

    return token.sub(spaces, text)


def functions(code):
    """(first line, last line) of each function in blanked C++: a brace at namespace or class level whose head has
    parentheses and is no initialiser. A heuristic: what it is not sure of it leaves out."""
    code = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    kinds, head, found = [], 0, []
    for i, char in enumerate(code):
        if char == "{":
            text = re.sub(r"\btemplate\s*<[^;{}]*?>\s*(?=\w|\[)", "", code[head:i])
            text = re.sub(r"\b(?:public|private|protected)\s*:(?!:)", "", text).strip()
            open_kind = kinds[-1][0] if kinds else "scope"
            if open_kind != "scope":
                kind = "inner"
            elif re.match(r"(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b", text):
                kind = "scope"
            elif "(" in text and not text.endswith("=") and text.count("(") == text.count(")"):
                kind = "function"
            else:
                kind = "inner"
            start = head + len(code[head:i]) - len(code[head:i].lstrip())
            kinds.append((kind, start))
            head = i + 1
        elif char == "}":
            if kinds:
                kind, start = kinds.pop()
                if kind == "function":
                    found.append((code.count("\n", 0, start) + 1, code.count("\n", 0, i) + 1))
            head = i + 1
        elif char == ";" and (not kinds or kinds[-1][0] == "scope"):
            head = i + 1
    return found


# --- Rules --------------------------------------------------------------------------------------------------------


def includes_go_down(path, text):
    room = room_of(path)
    if room is None:
        return [(1, "sources stand in a room: lib/<room>/<file>")] if path.startswith("lib/") and is_cpp(path) else []
    if room not in FLOORS:
        return [(1, f"room '{room}' stands on no floor (tests/tidy/tidy.py)")]
    found = []
    for number, line in enumerate(blank(text).split("\n"), 1):
        include = INCLUDE.match(line.strip())
        if not include or include[1] == "<":
            continue
        other = include[2].split("/")[0]
        if other == "larder" and "/" in include[2] or other == room and "/" in include[2]:
            continue
        if room in OUTSIDERS:
            found.append((number, f"{room} sees public headers only: {include[2]}"))
        elif "/" not in include[2] or other not in FLOORS:
            found.append((number, f'no room of lib: "{include[2]}"'))
        elif FLOORS[other] >= FLOORS[room] and (room, other) not in NEIGHBOURS:
            found.append((number, f"{room} (floor {FLOORS[room]}) must not include {other} (floor {FLOORS[other]})"))
    return found


def public_headers_include_std_only(path, text):
    if not path.startswith("include/"):
        return []
    allowed = {'"': r"larder/(?:stores/)?\w+\.h", "<": r"\w+"}
    return [(number, f"neither std nor larder: {include[2]}")
            for number, line in enumerate(blank(text).split("\n"), 1)
            if (include := INCLUDE.match(line.strip())) and not re.fullmatch(allowed[include[1]], include[2])]


def outsiders_use_public_headers(path, text):
    if not path.startswith(("examples/", "tests/packaging/")) or not is_cpp(path):
        return []
    return [(number, f"an example must not see the inside: {include[2]}")
            for number, line in enumerate(blank(text).split("\n"), 1)
            if (include := INCLUDE.match(line.strip())) and include[1] == '"' and include[2].split("/")[0] in FLOORS
            and include[2] not in OPEN_TO_EXAMPLES]


def files_are_short(path, text):
    lines = text.count("\n")
    return [(lines, f"{lines} lines, more than {FILE_LINES_MAX}")] if is_cpp(path) and lines > FILE_LINES_MAX else []


def functions_are_short(path, text):
    if not is_cpp(path):
        return []
    return [(first, f"a function of {last - first + 1} lines, more than {FUNCTION_LINES_MAX}")
            for first, last in functions(blank(text)) if last - first + 1 > FUNCTION_LINES_MAX]


def names_say_something(path, text):
    words = [word for part in path.split("/") for word in re.split(r"[_.-]", part.lower())]
    return [(1, f"a name that says nothing: {word}") for word in words if word in FORBIDDEN_NAMES]


def locks_live_in_base(path, text):
    inside = path.startswith(("lib/", "include/")) and room_of(path) not in {"base", *OUTSIDERS}
    return matches(LOCK, blank(text), "locks only through base/mutex.h") if inside else []


def clocks_live_in_base(path, text):
    inside = path.startswith(("lib/", "include/")) and room_of(path) != "base"
    return matches(CLOCK, blank(text), "time comes from the Clock handed in") if inside else []


def files_say_their_license(path, text):
    if not is_cpp(path) or "SPDX-License-Identifier: Apache-2.0" in "\n".join(text.split("\n")[:3]):
        return []
    return [(1, "no line 'SPDX-License-Identifier: Apache-2.0' on top")]


def headers_are_read_once(path, text):
    return [(1, "no #pragma once")] if path.endswith(".h") and not re.search(r"(?m)^#pragma once$", text) else []


def work_is_finished(path, text):
    return matches(UNFINISHED, text, "unfinished")


def tests_run(path, text):
    return matches(SKIPPED, text, "a test that does not run")


def paths_are_relative(path, text):
    return matches(MACHINE_PATH, text, "a path of one machine")


RULES = (
    includes_go_down, public_headers_include_std_only, outsiders_use_public_headers, files_are_short,
    functions_are_short, names_say_something, locks_live_in_base, clocks_live_in_base, files_say_their_license,
    headers_are_read_once, work_is_finished, tests_run, paths_are_relative,
)


def check(path, text):
    return [(line, rule.__name__, message) for rule in RULES for line, message in rule(path, text)]


def tree(root):
    """(path, text) of every text file that the rules look at."""
    files = [root / name for name in ROOT_FILES]
    for folder in FOLDERS:
        files += sorted((root / folder).rglob("*"))
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            try:
                yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                pass  # not text: a fuzz corpus, a picture


def main(root):
    count, broken = 0, 0
    for path, text in tree(Path(root)):
        count += 1
        for line, rule, message in check(path, text):
            broken += 1
            print(f"{path}:{line}: {message} [{rule}]")
    if not any((Path(root) / "include").rglob("*.h")):
        print(f"no headers under {root}: is this the right folder?")
        return 1
    print(f"{count} files, {len(RULES)} rules, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
