// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// LCS: the longest common subsequence of two strings, by dynamic programming (R. Wagner, M. Fischer, JACM 1974).
#include <algorithm>
#include <span>

#include "keyspace/multi_key.h"
#include "larder/strings.h"

namespace larder {

using keyspace::Entry;
using keyspace::EntryType;

namespace {

constexpr std::uint64_t kCellsMax = std::uint64_t{1} << 28;

// Of the longest common subsequences of all pairs of prefixes.
class Lengths {
 public:
  Lengths(std::string_view a, std::string_view b) : a_(a), b_(b), cells_((a.size() + 1) * (b.size() + 1)) {
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        at(i, j) = a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  std::uint32_t total() { return at(a_.size(), b_.size()); }

  LcsResult walk_back(const LcsOptions& options) {
    LcsResult result;
    result.length = total();
    std::string reversed;
    std::size_t i = a_.size();
    std::size_t j = b_.size();
    LcsMatch match{};
    const auto close = [&] {
      if (match.length != 0 && match.length >= options.match_bytes_min) result.matches.push_back(match);
      match = {};
    };
    while (i > 0 && j > 0) {
      if (a_[i - 1] == b_[j - 1]) {
        reversed.push_back(a_[i - 1]);
        if (match.length != 0 && match.a_first == i && match.b_first == j) {
          match.a_first = i - 1;
          match.b_first = j - 1;
          ++match.length;
        } else {
          close();
          match = {i - 1, i - 1, j - 1, j - 1, 1};
        }
        --i;
        --j;
      } else if (at(i - 1, j) > at(i, j - 1)) {
        --i;
      } else {
        --j;
      }
    }
    close();
    if (options.with_matches) return result;
    result.matches.clear();
    result.subsequence.assign(reversed.rbegin(), reversed.rend());
    return result;
  }

 private:
  std::uint32_t& at(std::size_t i, std::size_t j) { return cells_[i * (b_.size() + 1) + j]; }
  std::string_view a_;
  std::string_view b_;
  std::vector<std::uint32_t> cells_;
};

// At one instant.
Status read_both(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, keyspace::ValueCopy* values) {
  keyspace::MultiKey multi(keyspace, keys);
  return multi.run([&](keyspace::MultiKey& both) {
    for (std::size_t i = 0; i < 2; ++i) {
      values[i].reset();
      if (const Entry* entry = both.find_as(EntryType::kString, i, keyspace::Want::kRead)) values[i].take(*entry);
    }
    return !both.must_wait();
  });
}

// One after the other.
Status look_at_both(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, keyspace::ValueCopy* values) {
  Status status;
  keyspace.view_many(keys, keyspace::Use::kPeek, [&](std::size_t i, const Entry* entry, const Status& one) {
    if (entry != nullptr && entry->type() != EntryType::kString) status = keyspace::Keyspace::wrong_type();
    if (entry != nullptr) values[i].take(*entry);
    if (!one.ok()) status = one;
  });
  return status;
}

}  // namespace

Result<LcsResult> Strings::lcs(std::string_view a, std::string_view b, const LcsOptions& options) {
  keyspace::ValueCopy values[2];
  const std::string_view keys[] = {a, b};
  Status status = looks_ ? look_at_both(*keyspace_, keys, values) : read_both(*keyspace_, keys, values);
  if (!status.ok()) return status;
  const std::string_view x = values[0].view();
  const std::string_view y = values[1].view();
  if ((x.size() + 1) > kCellsMax / (y.size() + 1)) {
    return Status(ErrorCode::kOutOfRange, "the product of the two lengths is too large for LCS");
  }
  return Lengths(x, y).walk_back(options);
}

}  // namespace larder
