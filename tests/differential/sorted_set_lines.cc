// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

namespace larder::differential {

namespace {

// A score, as an argument.
std::string score(LineChoices& choices) {
  switch (choices.below(10)) {
    case 0: return choices.number();
    case 1:
      return choices.one_of<std::string>({"inf", "-inf", "+inf", "1e308", "-1e308", "-0", "0.1", "1e-400", "1e400",
                                          "1e17", "0x10", "4.9e-324", "9007199254740993", "3.0e3", "nan", ".5"});
    case 2: return std::to_string(choices.below(1'000'000)) + "." + std::to_string(choices.below(1'000));
    case 3: return std::to_string(choices.below(300));
    default: return std::to_string(static_cast<int>(choices.below(12)) - 4);
  }
}

// The end of a range of scores.
std::string score_bound(LineChoices& choices) {
  if (choices.one_in(12)) return choices.one_of<std::string>({"", "(", "a", " 1", "1 ", "((1", "1e400", "(nan"});
  if (choices.one_in(6)) return choices.one_of<std::string>({"-inf", "+inf", "inf", "(inf", "(-inf"});
  return (choices.one_in(3) ? "(" : "") + score(choices);
}

// The end of a range of names, as ranges of names want it.
std::string name_bound(LineChoices& choices) {
  if (choices.one_in(12)) return choices.one_of<std::string>({"", "a", "+1", "-x", "(", "[", "(\xff"});
  if (choices.one_in(4)) return choices.one_in(2) ? "+" : "-";
  return (choices.one_in(2) ? "(" : "[") + choices.item().substr(0, 1 + choices.below(4));
}

void append_limit(LineChoices& choices, Words* words) {
  if (!choices.one_in(3)) return;
  words->push_back(choices.in_any_case("LIMIT"));
  words->push_back(choices.number());
  words->push_back(choices.number());
}

void append_some_of(LineChoices& choices, const std::vector<std::string>& options, Words* words) {
  while (choices.one_in(2)) words->push_back(choices.in_any_case(choices.one_of(options)));
}

Words add_line(LineChoices& choices, const std::string& key) {
  Words words{"ZADD", key};
  const std::size_t pairs = 1 + choices.below(choices.one_in(10) ? 150 : 4);
  if (choices.one_in(3)) {
    append_some_of(choices, {"NX", "XX", "GT", "LT", "CH", "GT", "LT", "CH", "INCR"}, &words);
  }
  const std::size_t members = choices.one_in(4) ? 1 : pairs;
  for (std::size_t i = 0; i < members; ++i) {
    // What makes no sense refuses all of them.
    words.push_back(members > 10 ? std::to_string(choices.below(40)) : score(choices));
    words.push_back(choices.item());
  }
  if (choices.one_in(30)) words.pop_back();
  return words;
}

Words range_line(LineChoices& choices, const std::string& key) {
  Words words{"ZRANGE", key};
  switch (choices.below(8)) {
    case 0:
      words = {"ZRANGEBYSCORE", key, score_bound(choices), score_bound(choices)};
      append_limit(choices, &words);
      append_some_of(choices, {"WITHSCORES", "WITHSCORES", "WITHSCORES", "REV"}, &words);
      return words;
    case 1:
      words = {"ZREVRANGEBYSCORE", key, score_bound(choices), score_bound(choices)};
      append_some_of(choices, {"WITHSCORES", "WITHSCORES", "WITHSCORES", "BYSCORE"}, &words);
      append_limit(choices, &words);
      return words;
    case 2:
      words = {"ZREVRANGE", key, choices.number(), choices.number()};
      append_some_of(choices, {"WITHSCORES", "WITHSCORES", "WITHSCORES", "REV"}, &words);
      return words;
    case 3:
    case 4:
      words.insert(words.end(), {score_bound(choices), score_bound(choices), choices.in_any_case("BYSCORE")});
      append_limit(choices, &words);
      append_some_of(choices, {"WITHSCORES", "REV"}, &words);
      return words;
    case 5: return {"ZRANGE", key, "0", "-1", "WITHSCORES"};
    default:
      words.insert(words.end(), {choices.number(), choices.number()});
      append_some_of(choices, {"WITHSCORES", "REV", "WITHSCORES", "REV", "BYSCORE"}, &words);
      if (choices.one_in(8)) append_limit(choices, &words);
      return words;
  }
}

// Keys whose members all have the same score, as ranges of names want it.
Words name_range_line(LineChoices& choices) {
  const std::string key = "x" + std::to_string(choices.below(2));
  Words words{"ZADD", key};
  switch (choices.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      for (std::size_t i = 0; i < 1 + choices.below(5); ++i) words.insert(words.end(), {"0", choices.item()});
      return words.size() == 2 ? Words{"ZCARD", key} : words;
    case 4: return {"ZLEXCOUNT", key, name_bound(choices), name_bound(choices)};
    case 5: return {"ZREMRANGEBYLEX", key, name_bound(choices), name_bound(choices)};
    case 6:
      words = {"ZRANGEBYLEX", key, name_bound(choices), name_bound(choices)};
      append_limit(choices, &words);
      return words;
    case 7:
      words = {"ZREVRANGEBYLEX", key, name_bound(choices), name_bound(choices)};
      append_limit(choices, &words);
      return words;
    default:
      words = {"ZRANGE", key, name_bound(choices), name_bound(choices), choices.in_any_case("BYLEX")};
      append_limit(choices, &words);
      append_some_of(choices, {"REV", "REV", "REV", "WITHSCORES"}, &words);
      return words;
  }
}

Words combining_line(LineChoices& choices) {
  Words words{choices.one_of<std::string>({"ZUNION", "ZUNION", "ZINTER", "ZINTER", "ZDIFF", "ZINTERCARD"})};
  const std::size_t keys = 1 + choices.below(4);
  words.push_back(choices.one_in(15) ? choices.number() : std::to_string(keys));
  for (std::size_t i = 0; i < keys; ++i) words.push_back(choices.key());
  if (words[0] == "ZINTERCARD") {
    if (choices.one_in(2)) words.insert(words.end(), {choices.in_any_case("LIMIT"), choices.number()});
    return words;
  }
  if (choices.one_in(3)) {
    words.push_back(choices.in_any_case("WEIGHTS"));
    for (std::size_t i = 0; i < keys; ++i) words.push_back(choices.one_in(5) ? score(choices) : choices.number());
  }
  if (choices.one_in(3)) {
    words.insert(words.end(), {choices.in_any_case("AGGREGATE"), choices.one_of<std::string>({"SUM", "min", "MAX"})});
  }
  if (!choices.one_in(4)) words.push_back(choices.in_any_case("WITHSCORES"));
  return words;
}

}  // namespace

Words sorted_set_line(LineChoices& choices) {
  const std::string key = choices.key();
  const auto members = [&](Words words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) words.push_back(choices.item());
    return words;
  };
  switch (choices.below(36)) {
    case 0: return members({"ZREM", key}, 1 + choices.below(choices.one_in(8) ? 150 : 4));
    case 1: return {"ZREM", key, choices.item()};
    case 2:
    case 3: return {"ZINCRBY", key, score(choices), choices.item()};
    case 4: return {"ZADD", key, choices.in_any_case("INCR"), score(choices), choices.item()};
    case 5: return {"ZCARD", key};
    case 6: return {"ZSCORE", key, choices.item()};
    case 7: return members({"ZMSCORE", key}, 1 + choices.below(choices.one_in(8) ? 100 : 4));
    case 8: return {"ZRANK", key, choices.item()};
    case 9: return {"ZREVRANK", key, choices.item()};
    case 10:
    case 11: return {"ZCOUNT", key, score_bound(choices), score_bound(choices)};
    case 12: return {"ZREMRANGEBYSCORE", key, score_bound(choices), score_bound(choices)};
    case 13: return {"ZREMRANGEBYRANK", key, choices.number(), choices.number()};
    case 14: return {choices.one_in(2) ? "ZPOPMIN" : "ZPOPMAX", key};
    case 15: {
      const std::string count = choices.one_in(4) ? std::to_string(choices.below(100)) : choices.number();
      return {choices.one_in(2) ? "ZPOPMIN" : "ZPOPMAX", key, count};
    }
    case 16: {
      if (choices.one_in(3)) return {"ZRANDMEMBER", key};
      const std::string count = std::to_string(static_cast<int>(choices.below(400)) - 200);
      Words words{"ZRANDMEMBER", key, choices.one_in(4) ? "-9223372036854775808" : count};
      if (choices.one_in(2)) words.push_back(choices.in_any_case(choices.one_in(8) ? "WITHVALUES" : "WITHSCORES"));
      return words;
    }
    case 17: return {"ZSCAN", key, "0", "COUNT", std::to_string(1 + choices.below(20))};
    case 18: return {"ZSCAN", key, "0", "MATCH", choices.one_of<std::string>({"m1*", "*", "", "[a-l]*"})};
    case 19: return {"OBJECT", "ENCODING", key};
    case 20:
    case 21:
    case 22:
    case 23: return combining_line(choices);
    case 24:
    case 25:
    case 26:
    case 27: return name_range_line(choices);
    case 28:
    case 29:
    case 30: return range_line(choices, key);
    default: return add_line(choices, key);
  }
}

}  // namespace larder::differential
