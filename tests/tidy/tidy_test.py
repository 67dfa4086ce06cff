#!/usr/bin/env python3
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
"""Each house rule can fail, and passes what it should."""
import tempfile
import unittest
from pathlib import Path

import tidy

TOP = "// SPDX-License-Identifier: Apache-2.0\n"
LONG = "  x();\n" * 75

# rule, path, text that breaks it, text that does not
CASES = [
    (tidy.includes_go_down, "lib/memory/a.h", '#include "keyspace/shard.h"', '#include "base/mutex.h"'),
    (tidy.includes_go_down, "lib/base/a.h", '#include "memory/account.h"', '#include "base/check.h"'),
    (tidy.includes_go_down, "lib/expiry/a.h", '#include "eviction/lru.h"', '#include "memory/account.h"'),
    (tidy.includes_go_down, "lib/memory/a.h", '#include "expiry/timing_wheel.h"', '#include "larder/memory.h"'),
    (tidy.includes_go_down, "lib/commands/a.cc", '#include "loading/flight.h"', '#include "keyspace/shard.h"'),
    (tidy.includes_go_down, "lib/keyspace/a.cc", '#include "cache/engine.h"', '// #include "cache/engine.h"'),
    (tidy.includes_go_down, "lib/keyspace/a.cc", '#include "shard.h"', "#include <tsl/robin_map.h>"),
    (tidy.includes_go_down, "lib/keyspace/a.cc", '#  include "support/depth.h"', '#  include "keyspace/entry.h"'),
    (tidy.includes_go_down, "lib/stores/redis/a.cc", '#include "base/mutex.h"', '#include "larder/stores/redis_store.h"'),
    (tidy.includes_go_down, "lib/stores/pool.h", '#include "pool.h"', '#include "stores/batch.h"\n#include <sqlite3.h>'),
    (tidy.includes_go_down, "lib/cache/a.cc", '#include "stores/pool.h"', '#include "store/fenced_store.h"'),
    (tidy.public_headers_include_std_only, "include/larder/stores/a.h", "#include <sqlite3.h>",
     '#include "larder/status.h"'),
    (tidy.public_headers_include_std_only, "include/larder/a.h", "#include <tsl/robin_map.h>", "#include <vector>"),
    (tidy.public_headers_include_std_only, "include/larder/a.h", "#include <unistd.h>", '#include "larder/status.h"'),
    (tidy.public_headers_include_std_only, "include/larder/a.h", '#include "base/mutex.h"', '#include "larder/fwd.h"'),
    (tidy.outsiders_use_public_headers, "examples/a.cc", '#include "base/mutex.h"', '#include "larder/cache.h"'),
    (tidy.files_are_short, "bench/a.cc", "int x;\n" * 801, "int x;\n" * 800),
    (tidy.functions_are_short, "lib/base/a.cc", "void f() {\n" + "  x();\n" * 69 + "}\n",
     "void f() {\n" + "  x();\n" * 68 + "}\n"),
    (tidy.functions_are_short, "tests/model/a.cc", "TEST(A, B) {\n" + LONG + "}\n",
     "const int kA[] = {\n" + LONG + "};\n"),
    (tidy.functions_are_short, "lib/base/a.h", "namespace n {\nclass C : public D<int> {\n public:\n  int f() const {\n"
     + LONG + "  }\n};\n}\n", "namespace n {\nclass C {\n" + "  int f() { return 1; }\n" * 80 + "};\n}\n"),
    (tidy.functions_are_short, "lib/base/a.h",
     "template <typename T>\nC<T>::C(int a)\n    : a_{a}, b_(a) {\n" + LONG + "}\n",
     "template <typename T>\nstruct [[nodiscard]] C {\n" + "  int a = 0;\n" * 80 + "};\n"),
    (tidy.functions_are_short, "lib/base/a.cc", 'void f() {\n  g("{", \'{\');  // {\n' + LONG + "}\n",
     'class CAPABILITY("mutex") C {\n' + "  void f(int a = 1) noexcept;\n" * 80 + "};\n"),
    (tidy.names_say_something, "lib/base/string_util.h", "", None),
    (tidy.names_say_something, "tests/common/a.h", "", None),
    (tidy.names_say_something, "lib/cache/engine_impl.cc", "", None),
    (tidy.locks_live_in_base, "lib/keyspace/a.h", "std::mutex m_;", "base::Mutex m_;"),
    (tidy.locks_live_in_base, "lib/cache/a.h", "std::condition_variable c_;", "// not a std::condition_variable\n"),
    (tidy.locks_live_in_base, "lib/cache/a.h", "absl::Mutex m_;", 'log("absl::Mutex");'),
    (tidy.locks_live_in_base, "lib/cache/a.h", "#include <mutex>", "#include <map>"),
    (tidy.clocks_live_in_base, "lib/expiry/a.cc", "auto t = std::chrono::steady_clock::now();", "clock.monotonic();"),
    (tidy.clocks_live_in_base, "include/larder/a.h", "auto t = system_clock::now();",
     "static Clock& clock() noexcept;"),
    (tidy.clocks_live_in_base, "lib/cache/a.cc", "clock_gettime(CLOCK_MONOTONIC, &t);", "elapsed_time(0);"),
    (tidy.files_say_their_license, "lib/base/a.h", "#pragma once\n", TOP),
    (tidy.headers_are_read_once, "lib/base/a.h", TOP + "// #pragma once\n", TOP + "#pragma once\n"),
    (tidy.work_is_finished, "lib/base/a.h", "// TO" "DO: more", "// to do: nothing"),
    (tidy.work_is_finished, "cmake/a.cmake", "# FIX" "ME", "# fixed"),
    (tidy.tests_run, "tests/base/a_test.cc", "GTEST_" "SKIP();", "SUCCEED();"),
    (tidy.tests_run, "tests/base/a_test.cc", "TEST(A, DISA" "BLED_B) {}", "TEST(A, B) {}"),
    (tidy.paths_are_relative, "dev", "cd /ho" "me/somebody", "cd build/home/somebody"),
    (tidy.paths_are_relative, "docs/a.md", "see `/wo" "rk/main`", "see https://example.org/work/main"),
]


class RulesCanFail(unittest.TestCase):
    def test_each_case(self):
        for rule, path, bad, good in CASES:
            with self.subTest(rule=rule.__name__, path=path, bad=bad[:60]):
                self.assertTrue(rule(path, bad), "the bad text passed")
                if good is not None:
                    self.assertEqual(rule(path, good), [], "the good text failed")

    def test_every_rule_has_a_case(self):
        self.assertEqual({rule for rule, *_ in CASES}, set(tidy.RULES))

    def test_rules_about_the_inside_leave_base_and_tests_alone(self):
        self.assertEqual(tidy.locks_live_in_base("lib/base/mutex.h", "std::mutex m_;"), [])
        self.assertEqual(tidy.locks_live_in_base("tests/support/a.h", "std::mutex m_;"), [])
        self.assertEqual(tidy.locks_live_in_base("lib/stores/pool.h", "std::mutex m_;"), [])
        self.assertTrue(tidy.clocks_live_in_base("lib/stores/pool.h", "steady_clock::now()"))
        self.assertEqual(tidy.clocks_live_in_base("lib/base/system_clock.cc", "steady_clock::now()"), [])
        self.assertTrue(tidy.includes_go_down("lib/engine.cc", ""))
        self.assertTrue(tidy.includes_go_down("lib/attic/a.h", ""))

    def test_a_line_number_points_at_the_line(self):
        self.assertEqual(tidy.locks_live_in_base("lib/cache/a.h", "int a;\n/* b\n */\nstd::mutex m_;\n")[0][0], 4)
        self.assertEqual(tidy.functions(tidy.blank("int a;\n\nvoid f() {\n  x();\n}\n")), [(3, 5)])

    def test_digit_separators_are_no_literals(self):
        self.assertIn("after", tidy.blank("int a = 1'000'000; int after;"))
        self.assertNotIn("inside", tidy.blank('auto a = R"x(inside " )x"; char b = \'"\'; // inside'))

    def test_the_program_fails_on_a_tree_that_breaks_a_rule(self):
        with tempfile.TemporaryDirectory() as folder:
            header = Path(folder, "include", "larder", "a.h")
            header.parent.mkdir(parents=True)
            header.write_text(TOP + "#pragma once\n")
            self.assertEqual(tidy.main(folder), 0)
            header.write_text(TOP)
            self.assertEqual(tidy.main(folder), 1)

    def test_the_program_fails_on_an_empty_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(tidy.main(folder), 1)


if __name__ == "__main__":
    unittest.main()
