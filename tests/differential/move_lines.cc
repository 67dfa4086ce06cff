// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

namespace larder::differential {
namespace {

// How many keys, and the keys; now and then not as many as it says.
void add_keys(LineChoices& choices, bool counted, Words* words) {
  const std::size_t count = 1 + choices.below(3);
  if (counted) words->push_back(choices.one_in(12) ? choices.number() : std::to_string(count));
  for (std::size_t i = 0; i < count; ++i) words->push_back(choices.one_in(12) ? "none" : choices.key());
}

Words weighed(LineChoices& choices, Words words) {
  add_keys(choices, true, &words);
  if (choices.one_in(3)) {
    words.push_back(choices.in_any_case("WEIGHTS"));
    for (std::size_t i = choices.below(4); i > 0; --i) {
      words.push_back(choices.one_of<std::string>({"1", "-2", "0.5", "inf", "-inf", "0", "nan", "x"}));
    }
  }
  if (choices.one_in(3)) {
    words.push_back(choices.in_any_case("AGGREGATE"));
    words.push_back(choices.one_of<std::string>({"SUM", "min", "Max", "avg"}));
  }
  if (choices.one_in(10)) words.push_back("WITHSCORES");
  return words;
}

Words range_store(LineChoices& choices) {
  Words words{"ZRANGESTORE", choices.key(), choices.key()};
  switch (choices.below(3)) {
    case 0:
      words.push_back(choices.number());
      words.push_back(choices.number());
      break;
    case 1:
      words.push_back(choices.one_of<std::string>({"-inf", "0", "(1", "5", "x"}));
      words.push_back(choices.one_of<std::string>({"+inf", "10", "(5", "2"}));
      words.push_back(choices.in_any_case("BYSCORE"));
      break;
    default:
      words[2] = "x" + std::to_string(choices.below(2));  // whose scores are all the same
      words.push_back(choices.one_of<std::string>({"-", "[a", "(m1", "+", "x"}));
      words.push_back(choices.one_of<std::string>({"+", "[n", "(m2", "-"}));
      words.push_back(choices.in_any_case("BYLEX"));
  }
  if (choices.one_in(3)) words.push_back("REV");
  if (choices.one_in(4)) {
    words.insert(words.end(), {"LIMIT", choices.number(), choices.number()});
  }
  return words;
}

Words pop(LineChoices& choices, Words words, const std::vector<std::string>& where) {
  add_keys(choices, true, &words);
  words.push_back(choices.in_any_case(choices.one_in(16) ? "MIDDLE" : choices.one_of(where)));
  if (choices.one_in(2)) {
    words.push_back(choices.in_any_case("COUNT"));
    words.push_back(choices.one_in(3) ? std::to_string(choices.below(200)) : choices.number());
  }
  return words;
}

}  // namespace

Words move_line(LineChoices& choices) {
  const std::vector<std::string> ends = {"LEFT", "RIGHT"};
  switch (choices.below(16)) {
    case 0:
    case 1:
    case 2: return {"SMOVE", choices.key(), choices.key(), choices.item()};
    case 3: {
      Words words{choices.one_of<std::string>({"SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"}), choices.key()};
      add_keys(choices, false, &words);
      return words;
    }
    case 4:
    case 5:
    case 6:
      return {"LMOVE", choices.key(), choices.key(), choices.in_any_case(choices.one_of(ends)),
              choices.in_any_case(choices.one_in(16) ? "UP" : choices.one_of(ends))};
    case 7: return {"RPOPLPUSH", choices.key(), choices.key()};
    case 8:
    case 9: return pop(choices, {"LMPOP"}, ends);
    case 10:
    case 11: return pop(choices, {"ZMPOP"}, {"MIN", "MAX"});
    case 12: return weighed(choices, {"ZUNIONSTORE", choices.key()});
    case 13: return weighed(choices, {"ZINTERSTORE", choices.key()});
    case 14: {
      Words words{"ZDIFFSTORE", choices.key()};
      add_keys(choices, true, &words);
      return words;
    }
    default: return range_store(choices);
  }
}

}  // namespace larder::differential
