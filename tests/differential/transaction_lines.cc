// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <set>

#include "differential/collection_lines.h"

namespace larder::differential {
namespace {

// Of any family, and with one answer only.
Words certain_line(LineChoices& choices) {
  static const std::set<std::string> kUncertain = {"SPOP",  "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "SCAN",
                                                   "HSCAN", "SSCAN",       "ZSCAN",      "RANDOMKEY",   "KEYS"};
  using MakeLine = Words (*)(LineChoices&);
  constexpr MakeLine kFamilies[] = {key_line, key_line, hash_line, set_line, list_line, sorted_set_line, move_line};
  for (;;) {
    Words words = kFamilies[choices.below(std::size(kFamilies))](choices);
    // What leaves a list as it was is a write to Redis, and none to Larder (docs/endpoint.md).
    if (words[0] == "LTRIM") return {"LTRIM", words[1], "1", "-1"};
    const bool goes_back = words[0] == "LMOVE" && words[1] == words[2];
    if (!kUncertain.contains(words[0]) && !goes_back) return words;
  }
}

}  // namespace

Words transaction_line(LineChoices& choices) {
  switch (choices.below(24)) {
    case 0:
    case 1:
    case 2: return {choices.in_any_case("MULTI")};
    case 3:
    case 4:
    case 5: return {choices.in_any_case("EXEC")};
    case 6: return {choices.one_of<std::string>({"DISCARD", "UNWATCH", "EXEC"})};
    case 7:
    case 8: {
      Words words{"WATCH"};
      for (std::size_t i = choices.below(4); i > 0; --i) words.push_back(choices.key());
      return words;
    }
    case 9:
      if (!choices.one_in(4)) return certain_line(choices);
      return choices.one_of<Words>({{"NOSUCH", "a"}, {"GET"}, {"EXEC", "1"}, {"MULTI", "a"}, {"PING"}, {"ECHO", "a"}});
    case 10:
    case 11:
    case 12: {
      Words words = certain_line(choices);
      words.insert(words.begin(), std::string(kByAnotherClient));
      return words;
    }
    default: return certain_line(choices);
  }
}

}  // namespace larder::differential
