// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

namespace larder::differential {

namespace {

// Options contradict each other, miss their value, and come twice.
Words lpos_line(LineChoices& choices) {
  Words words{"LPOS", choices.key(), choices.item()};
  for (std::size_t left = choices.below(4); left > 0; --left) {
    words.push_back(choices.in_any_case(choices.one_of<std::string>({"RANK", "COUNT", "MAXLEN"})));
    std::string number = choices.one_in(3) ? "0" : choices.number();
    // Redis 7.0 goes wrong there, and later versions refuse it.
    if (number == "-9223372036854775808") number = "-9223372036854775807";
    words.push_back(number);
  }
  if (choices.one_in(16)) words.push_back(choices.one_of<std::string>({"RANK", "FIRST", "COUNT"}));
  return words;
}

}  // namespace

Words list_line(LineChoices& choices) {
  const std::string key = choices.key();
  const auto elements = [&](Words words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) words.push_back(choices.item());
    return words;
  };
  // In the middle of long lists, too.
  const auto index = [&] { return choices.one_in(3) ? std::to_string(choices.below(400)) : choices.number(); };
  switch (choices.below(32)) {
    case 0: return elements({choices.one_in(2) ? "LPUSH" : "RPUSH", key}, 1 + choices.below(200));
    case 1:
    case 2:
    case 3: return elements({"LPUSH", key}, 1 + choices.below(8));
    case 4:
    case 5:
    case 6: return elements({"RPUSH", key}, 1 + choices.below(8));
    case 7: return elements({"LPUSHX", key}, 1 + choices.below(3));
    case 8: return elements({"RPUSHX", key}, 1 + choices.below(3));
    case 9: return {"LPOP", key};
    case 10: return {"RPOP", key};
    case 11: return {"LPOP", key, choices.one_in(4) ? std::to_string(choices.below(150)) : choices.number()};
    case 12: return {"RPOP", key, choices.one_in(4) ? std::to_string(choices.below(150)) : choices.number()};
    case 13: return {"LLEN", key};
    case 14:
    case 15: return {"LINDEX", key, index()};
    case 16:
    case 17: return {"LSET", key, index(), choices.item()};
    case 18:
    case 19: return {"LRANGE", key, index(), index()};
    case 20: return {"LRANGE", key, "0", "-1"};
    case 21:
    case 22:
    case 23:
      return {"LINSERT", key,
              choices.in_any_case(choices.one_in(16)  ? "BESIDE"
                                  : choices.one_in(2) ? "BEFORE"
                                                      : "AFTER"),
              choices.item(), choices.item()};
    case 24:
    case 25: return {"LREM", key, choices.number(), choices.item()};
    case 26: {
      if (choices.one_in(4)) return {"LTRIM", key, index(), index()};
      return {"LTRIM", key, std::to_string(choices.below(3)), std::to_string(-1 - static_cast<int>(choices.below(3)))};
    }
    case 27:
    case 28:
    case 29: return lpos_line(choices);
    case 30:
      return elements({choices.one_of<std::string>({"LPUSH", "RPUSHX", "LPOP", "LREM", "LINSERT"}), key},
                      choices.below(4));  // arity
    default: return {"OBJECT", "ENCODING", key};
  }
}

}  // namespace larder::differential
