// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The last commands that took long. Of a long command line, and of a long argument, the beginning is kept.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::endpoint {

class SlowLog {
 public:
  struct Entry {
    std::uint64_t id;
    std::int64_t unix_seconds;
    std::uint64_t took_us;
    std::vector<std::string> arguments;
    std::string address;
    std::string name;
  };

  std::int64_t slower_than_us = 10'000;  // negative: nothing
  std::size_t size_max = 128;

  bool wants(std::uint64_t took_us) const noexcept {
    return slower_than_us >= 0 && took_us >= static_cast<std::uint64_t>(slower_than_us) && size_max != 0;
  }
  void add(std::int64_t unix_seconds, std::uint64_t took_us, std::span<const std::string_view> arguments,
           const std::string& address, const std::string& name) {
    entries_.push_front({next_id_++, unix_seconds, took_us, shortened(arguments), address, name});
    while (entries_.size() > size_max) entries_.pop_back();
  }
  // The newest first.
  const std::deque<Entry>& entries() const noexcept { return entries_; }
  void clear() noexcept { entries_.clear(); }

 private:
  static constexpr std::size_t kArgumentsMax = 32;
  static constexpr std::size_t kArgumentBytesMax = 128;

  static std::vector<std::string> shortened(std::span<const std::string_view> arguments) {
    std::vector<std::string> kept;
    const std::size_t shown = arguments.size() > kArgumentsMax ? kArgumentsMax - 1 : arguments.size();
    for (const std::string_view argument : arguments.first(shown)) {
      const std::size_t size = argument.size();
      kept.emplace_back(argument.substr(0, kArgumentBytesMax));
      if (size > kArgumentBytesMax) kept.back() += "... (" + std::to_string(size - kArgumentBytesMax) + " more bytes)";
    }
    if (shown < arguments.size())
      kept.push_back("... (" + std::to_string(arguments.size() - shown) + " more arguments)");
    return kept;
  }

  std::deque<Entry> entries_;
  std::uint64_t next_id_ = 0;
};

}  // namespace larder::endpoint
