// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The arguments of a command that runs later, when the bytes of its request are gone.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::endpoint {

class OwnedArguments {
 public:
  // Throws std::bad_alloc.
  explicit OwnedArguments(std::span<const std::string_view> arguments) {
    bytes_.reserve(bytes_of(arguments));
    for (const std::string_view argument : arguments) bytes_ += argument;
    std::string_view left = bytes_;
    views_.reserve(arguments.size());
    for (const std::string_view argument : arguments) {
      views_.push_back(left.substr(0, argument.size()));
      left.remove_prefix(argument.size());
    }
  }
  OwnedArguments(const OwnedArguments&) = delete;
  OwnedArguments& operator=(const OwnedArguments&) = delete;

  // What it takes beside itself.
  std::size_t bytes() const noexcept { return bytes_.capacity() + views_.capacity() * sizeof(std::string_view); }
  std::span<const std::string_view> view() const noexcept { return views_; }
  static std::size_t bytes_of(std::span<const std::string_view> arguments) noexcept {
    std::size_t sum = 0;
    for (const std::string_view argument : arguments) sum += argument.size();
    return sum;
  }

 private:
  std::string bytes_;
  std::vector<std::string_view> views_;
};

}  // namespace larder::endpoint
