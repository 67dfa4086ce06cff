// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

namespace larder::differential {

Words hash_line(LineChoices& choices) {
  const std::string key = choices.key();
  const auto pairs = [&](Words words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      words.push_back(choices.item());
      words.push_back(choices.item());
    }
    return words;
  };
  const auto fields = [&](Words words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) words.push_back(choices.item());
    return words;
  };
  switch (choices.below(32)) {
    case 0: return pairs({"HSET", key}, 1 + choices.below(choices.one_in(8) ? 200 : 8));
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return pairs({"HSET", key}, 1 + choices.below(3));
    case 7: return pairs({"HMSET", key}, 1 + choices.below(3));
    case 8:
    case 9: return {"HSETNX", key, choices.item(), choices.item()};
    case 10: return fields({"HDEL", key}, 1 + choices.below(choices.one_in(8) ? 150 : 4));
    case 11:
    case 12: return {"HDEL", key, choices.item()};
    case 13:
    case 14: return {"HINCRBY", key, choices.item(), choices.number()};
    case 15:
    case 16:
      return {"HINCRBYFLOAT", key, choices.item(),
              choices.one_in(3) ? choices.number()
                                : choices.one_of<std::string>({"0.1", "-2.5", "1e400", "nan", "inf", "5e3", "10.50"})};
    case 17: return {"HGETALL", key};
    case 18: return {"HKEYS", key};
    case 19: return {"HVALS", key};
    case 20: return {"HLEN", key};
    case 21: return {"HSTRLEN", key, choices.item()};
    case 22: return {"HEXISTS", key, choices.item()};
    case 23:
    case 24: return {"HGET", key, choices.item()};
    case 25: return fields({"HMGET", key}, 1 + choices.below(choices.one_in(8) ? 100 : 4));
    case 26: return {"HSCAN", key, "0", "COUNT", std::to_string(1 + choices.below(20))};
    case 27: return {"HSCAN", key, "0", "MATCH", choices.one_of<std::string>({"m1*", "*", "", "[a-l]*"})};
    case 28: {
      if (choices.one_in(3)) return {"HRANDFIELD", key};
      Words words{"HRANDFIELD", key,
                  choices.one_in(2) ? "7" : std::to_string(static_cast<int>(choices.below(400)) - 200)};
      if (choices.one_in(2)) words.push_back(choices.in_any_case(choices.one_in(8) ? "WITHSCORES" : "WITHVALUES"));
      return words;
    }
    case 29: return pairs({"HSET", key, choices.item()}, choices.below(2));  // arity
    case 30: return {"HRANDFIELD", key, choices.one_of<std::string>({"0", "abc", "9223372036854775807"})};
    default: return {"OBJECT", "ENCODING", key};
  }
}

}  // namespace larder::differential
