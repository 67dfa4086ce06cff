// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

namespace larder::differential {

namespace {

// Two of the keys have hardly anything but integers, on both sides of the limit up to which Redis has a form for those.
std::string member_for(LineChoices& choices, const std::string& key) {
  if (key > "k1" || choices.one_in(400)) return choices.item();
  if (choices.one_in(50)) {
    return choices.one_of<std::string>({"9223372036854775807", "-9223372036854775808", "-1", "32768", "4294967296"});
  }
  return std::to_string(choices.below(600));
}

Words members_for(LineChoices& choices, Words words, std::size_t count) {
  const std::string key = words[1];
  for (std::size_t i = 0; i < count; ++i) words.push_back(member_for(choices, key));
  return words;
}

Words sets_line(LineChoices& choices) {
  Words words{choices.one_of<std::string>({"SINTER", "SUNION", "SDIFF", "SINTERCARD"})};
  const std::size_t count = 1 + choices.below(choices.one_in(4) ? 8 : 3);
  const bool is_counted = words[0] == "SINTERCARD";
  if (is_counted) words.push_back(choices.one_in(8) ? choices.number() : std::to_string(count));
  for (std::size_t i = 0; i < count; ++i) words.push_back(choices.one_in(12) ? "none" : choices.key());
  if (is_counted && choices.one_in(2)) {
    words.push_back(choices.in_any_case("LIMIT"));
    if (!choices.one_in(10)) words.push_back(choices.number());
  }
  return words;
}

}  // namespace

Words set_line(LineChoices& choices) {
  const std::string key = choices.key();
  const auto some = [&](std::size_t few, std::size_t many) {
    return 1 + choices.below(choices.one_in(8) ? many : few);
  };
  switch (choices.below(30)) {
    case 0: return members_for(choices, {"SADD", key}, some(8, 500));
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return members_for(choices, {"SADD", key}, some(3, 100));
    case 7: return members_for(choices, {"SREM", key}, some(4, 400));
    case 8:
    case 9: return members_for(choices, {"SREM", key}, 1);
    case 10: return {"SCARD", key};
    case 11:
    case 12: return {"SISMEMBER", key, member_for(choices, key)};
    case 13: return members_for(choices, {"SMISMEMBER", key}, some(4, 100));
    case 14: return {"SMEMBERS", key};
    case 15: return {"SPOP", key};
    case 16: return {"SPOP", key, choices.number()};
    case 17: return {"SPOP", key, std::to_string(choices.below(choices.one_in(4) ? 700 : 80))};
    case 18: return choices.one_in(2) ? Words{"SPOP", key, "1", "1"} : Words{"SRANDMEMBER", key, "1", "1"};
    case 19: return {"SRANDMEMBER", key};
    case 20: return {"SRANDMEMBER", key, choices.number()};
    case 21: return {"SRANDMEMBER", key, std::to_string(static_cast<int>(choices.below(1'400)) - 700)};
    case 22: return {"SSCAN", key, "0", "COUNT", std::to_string(1 + choices.below(20))};
    case 23: return {"SSCAN", key, "0", "MATCH", choices.one_of<std::string>({"m1*", "*", "", "[1-3]*"})};
    case 24:
    case 25:
    case 26:
    case 27: return sets_line(choices);
    default: return {"OBJECT", "ENCODING", key};
  }
}

}  // namespace larder::differential
