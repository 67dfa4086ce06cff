// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The bytes choose command lines, which an endpoint and a real redis-server must answer alike:
// differential/wire_test.cc by libFuzzer, which looks for lines that reach code that no others have reached.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "differential/collection_lines.h"
#include "differential/wire_comparison.h"

namespace larder::differential {
namespace {

std::vector<Words> lines_of(LineChoices& choices) {
  using MakeLine = Words (*)(LineChoices&);
  const std::vector<MakeLine> families =
      choices.one_in(3) ? std::vector<MakeLine>{transaction_line}
                        : std::vector<MakeLine>{key_line, hash_line, set_line, list_line, sorted_set_line, move_line};
  std::vector<Words> lines;
  while (!choices.ended()) lines.push_back(choices.one_of(families)(choices));
  lines.push_back({"EXEC"});
  return lines;
}

}  // namespace
}  // namespace larder::differential

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace larder::differential;
  static WireComparison comparisons[] = {WireComparison(2), WireComparison(3)};
  LineChoices choices(std::span(data, size));
  WireComparison& comparison = comparisons[choices.below(2)];
  if (!comparison.failure().empty()) {
    std::fprintf(stderr, "%s\n", comparison.failure().c_str());
    std::exit(1);
  }
  const std::string wrong = compare_and_explain(comparison, lines_of(choices));
  comparison.clear();  // the index packs its pointers: to LeakSanitizer, entries that stay are lost
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
