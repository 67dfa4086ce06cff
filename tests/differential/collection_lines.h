// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands on collections, as lines of words: few keys, so that they meet each other and other types; sizes on
// both sides of every limit at which a collection changes its form; odd bytes, numbers at the ends of their ranges,
// options that contradict each other, times to live, and everything that removes a key.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::differential {

using Words = std::vector<std::string>;

// What a generator chooses from.
class LineChoices {
 public:
  explicit LineChoices(std::uint64_t seed) : random_(seed) {}
  // The bytes choose, as long as there are any; after that, numbers that are always the same.
  explicit LineChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool ended() const { return bytes_ && bytes_->empty(); }
  std::size_t below(std::size_t n);
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <typename T>
  const T& one_of(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  std::string key() { return "k" + std::to_string(below(4)); }
  // A field, member or element: mostly one of a few dozen, so that it is met again; some from a range that crosses the
  // limits; some long; some odd.
  std::string item();
  // A number as an argument: an index, a count, an increment. Mostly small.
  std::string number();
  // Of an option or another word in any case.
  std::string in_any_case(std::string word);

 private:
  std::mt19937_64 random_;
  std::optional<std::span<const std::uint8_t>> bytes_;
};

// Commands that any type meets: DEL, EXPIRE, PERSIST, RENAME, COPY, SET, TYPE, EXISTS, OBJECT ENCODING, APPEND, GET.
Words key_line(LineChoices& choices);

Words hash_line(LineChoices& choices);
// Those that write one collection from others.
Words move_line(LineChoices& choices);
Words set_line(LineChoices& choices);
Words list_line(LineChoices& choices);
Words sorted_set_line(LineChoices& choices);
// MULTI, EXEC, WATCH and the like, between lines of all families. Those that begin with this word are for another
// connection.
inline constexpr std::string_view kByAnotherClient = "@";
Words transaction_line(LineChoices& choices);

}  // namespace larder::differential
