// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// All that is wrong with a store's options, in one text, as Cache::open has it.
#pragma once

#include <string>
#include <string_view>

#include "larder/clock.h"
#include "larder/status.h"

namespace larder::stores {

class Complaints {
 public:
  void add_if(bool wrong, std::string_view text) {
    if (wrong) text_ += (text_.empty() ? "options: " : "; ") + std::string(text);
  }
  void check_time(std::string_view name, Milliseconds time, Milliseconds least) {
    constexpr Milliseconds kMost{2'147'483'647};  // what SQLite, PostgreSQL and poll() take
    add_if(time < least || time > kMost,
           std::string(name) + " is not from " + std::to_string(least.count()) + " ms to 24 days");
  }
  // Names of tables go into SQL as they are: so they hold nothing that could end them.
  void check_table(std::string_view name) {
    constexpr std::size_t kBytesMax = 48;  // PostgreSQL cuts names at 63, and we append to them
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const bool good = !name.empty() && (name[0] < '0' || name[0] > '9') && name.size() <= kBytesMax &&
                      name.find_first_not_of(kAllowed) == std::string_view::npos;
    add_if(!good, "table is not of letters, digits and underscores, at most 48, with no digit first");
  }
  Status status() const { return text_.empty() ? Status() : Status(ErrorCode::kInvalidArgument, text_); }

 private:
  std::string text_;
};

}  // namespace larder::stores
