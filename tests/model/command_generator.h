// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands over few keys, so that they meet; with values, offsets, options and times chosen where mistakes live.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/choices.h"
#include "model/command.h"

namespace larder::model {

// What a generator may generate.
struct Profile {
  std::size_t keys = 10;
  // Only what Redis has and answers in the same way: see tests/differential/differential_test.cc for what is left out.
  bool redis_too = false;
  bool big_values = true;                   // of 1 KiB and of 70 KiB, and sometimes far larger than allowed
  bool idle = false;                        // only commands of which it is plain whether they use a key
  bool holds = true;                        // pinned values
  bool limits_change = false;               // set_max_memory and set_eviction
  bool stored = false;                      // only what answers alike whether or not a key is resident, and time
  std::int64_t now_ms = 1'700'003'600'000;  // unix time at the start, for absolute times
};

class CommandGenerator {
 public:
  CommandGenerator(Choices& choices, const Profile& profile);

  Command next();
  std::vector<Command> sequence(std::size_t length);

 private:
  void fill(Command& command);
  void fill_string(Command& command);
  void fill_bits(Command& command);
  void fill_keys(Command& command);
  void fill_other(Command& command);
  void fill_pairs(Command& command);
  Command one_key(Verb verb);

  std::string key();
  std::string value();
  std::string short_value();
  std::string number_text();
  std::string float_text();
  std::string pattern();
  std::int64_t integer();
  std::int64_t index();
  std::uint64_t byte_offset();
  std::uint64_t bit_offset();
  std::int64_t far_ttl_ms();
  std::int64_t ttl_ms(bool must_be_positive);
  std::int64_t unix_ms(bool must_be_positive);
  BitRange range(bool last_may_be_absent);
  BitFieldStep step();
  SetOptions set_options();
  GetExOptions get_ex_options();

  std::uint64_t below(std::uint64_t n) { return choices_.below(n); }
  bool one_in(std::uint64_t n) { return choices_.one_in(n); }
  template <typename T, std::size_t kCount>
  T pick(const T (&from)[kCount]) {
    return from[below(kCount)];
  }

  Choices& choices_;
  Profile profile_;
  std::vector<Verb> deck_;  // each verb as often as its weight says
  std::vector<std::string> keys_;
  std::uint64_t values_made_ = 0;
  std::int64_t advanced_ms_ = 0;
};

}  // namespace larder::model
