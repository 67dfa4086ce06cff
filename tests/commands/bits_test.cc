// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/bits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "commands/every_call.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using Unit = BitRange::Unit;
using enum BitOperation;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

class BitCommands : public support::CacheFixture {
 protected:
  std::string value(std::string_view key) { return cache_.peek(key).value_or("(missing)"); }
};

// --- One bit ----------------------------------------------------------------------------------------------------------

TEST_F(BitCommands, TheFirstBitIsTheMostSignificant) {
  EXPECT_FALSE(*cache_.set_bit("k", 0, true));
  EXPECT_EQ(value("k"), "\x80"s);
  EXPECT_TRUE(*cache_.set_bit("k", 0, false));
  EXPECT_EQ(value("k"), "\0"s);
  EXPECT_FALSE(*cache_.set_bit("k", 7, true));
  EXPECT_FALSE(*cache_.set_bit("k", 9, true));
  EXPECT_EQ(value("k"), "\x01\x40"s);
  EXPECT_TRUE(*cache_.get_bit("k", 7));
  EXPECT_FALSE(*cache_.get_bit("k", 8));
  EXPECT_TRUE(*cache_.get_bit("k", 9));
}

TEST_F(BitCommands, EachBitIsSetAndClearedAlone) {
  for (const std::size_t size : {2u, 1'024u, 1'500u}) {
    const std::string before = binary(size);
    for (std::size_t i = 0; i < 16; ++i) {
      const std::size_t bit = (size - 2) * 8 + i;
      const bool was = (static_cast<unsigned char>(before[bit / 8]) >> (7 - bit % 8) & 1) != 0;
      std::string expected = before;
      expected[bit / 8] = static_cast<char>(expected[bit / 8] ^ (0x80 >> bit % 8));
      cache_.set("k", before);
      EXPECT_EQ(*cache_.get_bit("k", bit), was);
      EXPECT_EQ(*cache_.set_bit("k", bit, was), was);
      EXPECT_EQ(value("k"), before);
      EXPECT_EQ(*cache_.set_bit("k", bit, !was), was);
      EXPECT_EQ(value("k"), expected);
    }
  }
}

TEST_F(BitCommands, SetBitGrowsTheValueEvenByAZero) {
  cache_.set("k", "a", {.ttl = 50ms});
  EXPECT_FALSE(*cache_.set_bit("k", 39, false));
  EXPECT_EQ(value("k"), "a\0\0\0\0"s);
  EXPECT_FALSE(*cache_.set_bit("k", 8 * 3'000 - 1, true));
  EXPECT_EQ(value("k"), "a" + std::string(2'998, '\0') + "\x01");
  EXPECT_EQ(cache_.ttl("k")->left, 50ms);
  EXPECT_FALSE(*cache_.set_bit("new", 0, false));
  EXPECT_EQ(value("new"), "\0"s);
}

TEST_F(BitCommands, PastTheEndAllBitsAreZero) {
  cache_.set("k", "\xff");
  EXPECT_FALSE(*cache_.get_bit("k", 8));
  EXPECT_FALSE(*cache_.get_bit("k", (std::uint64_t{1} << 32) - 1));
  EXPECT_FALSE(*cache_.get_bit("missing", 0));
  EXPECT_FALSE(*cache_.exists("missing"));
}

TEST_F(BitCommands, OffsetsHaveALimit) {
  for (const std::uint64_t offset : {std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    EXPECT_EQ(cache_.set_bit("k", offset, true).status().code(), ErrorCode::kOutOfRange);
    EXPECT_EQ(cache_.get_bit("k", offset).status().code(), ErrorCode::kOutOfRange);
  }
  Cache& small = make({.value_bytes_max = 100});
  EXPECT_EQ(small.set_bit("k", 800, true).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_FALSE(*small.exists("k"));
  EXPECT_FALSE(*small.set_bit("k", 799, true));
}

// --- Ranges -------------------------------------------------------------------------------------------------------------

// A range of bits, bit by bit: `last` is before `first` if there are none.
struct Bounds {
  std::int64_t first, last;
};
Bounds by_definition(const BitRange& range, std::int64_t bytes) {
  const std::int64_t size = range.unit == Unit::kByte ? bytes : bytes * 8;
  const auto from_end = [&](std::int64_t i) { return i >= 0 ? i : i < -size ? 0 : size + i; };
  const std::int64_t first = from_end(range.first);
  const std::int64_t last = std::min(from_end(range.last.value_or(-1)), size - 1);
  if (first > last) return {0, -1};
  return range.unit == Unit::kByte ? Bounds{first * 8, last * 8 + 7} : Bounds{first, last};
}

std::vector<BitRange> ranges_of(base::Random& random, std::int64_t bytes) {
  std::vector<BitRange> ranges{{}, {.first = kMin, .last = kMax}, {.first = kMax, .last = kMin}, {.first = -1}};
  for (int i = 0; i < 60; ++i) {
    const std::int64_t span = i % 2 == 0 ? bytes * 8 : bytes;
    const auto draw = [&] {
      return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * span + 5))) - span - 2;
    };
    ranges.push_back({.first = draw(), .unit = i % 2 == 0 ? Unit::kBit : Unit::kByte});
    if (i % 5 != 0) ranges.back().last = draw();
  }
  return ranges;
}

TEST_F(BitCommands, CountsAndFindsTheBitsOfARange) {
  base::Random random(7);
  for (const std::int64_t bytes : {0, 1, 7, 8, 9, 31, 1'024, 1'025}) {
    for (const std::string& bits :
         {binary(static_cast<std::size_t>(bytes)), std::string(static_cast<std::size_t>(bytes), '\xff'),
          std::string(static_cast<std::size_t>(bytes), '\0')}) {
      cache_.set("k", bits);
      for (const BitRange& range : ranges_of(random, bytes)) {
        const Bounds bounds = by_definition(range, bytes);
        std::uint64_t count = 0;
        std::int64_t first_of[2] = {-1, -1};
        for (std::int64_t bit = bounds.first; bit <= bounds.last; ++bit) {
          const bool on = *cache_.get_bit("k", static_cast<std::uint64_t>(bit));
          count += on;
          if (first_of[on] < 0) first_of[on] = bit;
        }
        // Past the end of the value the bits are zeros, for who does not say where to stop.
        if (first_of[0] < 0 && !range.last && bounds.first <= bounds.last) first_of[0] = bytes * 8;
        const auto last = range.last.value_or(-1);
        if (range.first < 0 && last < 0 && range.first > last) count = 0;  // of the bounds before they are clamped
        SCOPED_TRACE(testing::Message() << range.first << " to " << last << " of " << bytes << " bytes");
        ASSERT_EQ(*cache_.bit_count("k", range), count);
        ASSERT_EQ(*cache_.bit_pos("k", true, range), first_of[1]);
        ASSERT_EQ(*cache_.bit_pos("k", false, range), first_of[0]);
      }
    }
  }
}

TEST_F(BitCommands, AMissingKeyHasNoOnesAndBeginsWithAZero) {
  EXPECT_EQ(*cache_.bit_count("missing"), 0u);
  EXPECT_EQ(*cache_.bit_pos("missing", true), -1);
  EXPECT_EQ(*cache_.bit_pos("missing", false, {.first = 3, .last = 4}), 0);
}

// --- BITOP ----------------------------------------------------------------------------------------------------------------

std::string combined(BitOperation operation, std::span<const std::string> sources) {
  std::size_t size = 0;
  for (const std::string& source : sources) size = std::max(size, source.size());
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const int byte = i < sources[s].size() ? sources[s][i] : 0;
      const int before = result[i];
      result[i] = static_cast<char>(s == 0              ? (operation == kNot ? ~byte : byte)
                                    : operation == kAnd ? before & byte
                                    : operation == kOr  ? before | byte
                                                        : before ^ byte);
    }
  }
  return result;
}

// Sizes on both sides of what is stored in the entry, and of what is combined under the locks (16 KiB).
TEST_F(BitCommands, CombinesSourcesOfAnySizes) {
  for (const std::size_t a : {0u, 1u, 1'024u, 1'025u, 17'000u}) {
    for (const std::size_t b : {0u, 5u, 1'024u, 9'000u}) {
      const std::string sources[] = {binary(a, 1), binary(b, 2), binary(40, 3)};
      for (const BitOperation operation : {kAnd, kOr, kXor, kNot}) {
        const std::size_t count = operation == kNot ? 1 : 3;
        for (const std::string_view to : {"to", "a", "b"}) {  // over a source, too
          cache_.clear();
          const KeyValue pairs[] = {{"a", sources[0]}, {"b", sources[1]}, {"c", sources[2]}};
          ASSERT_TRUE(cache_.mset(pairs).ok());
          cache_.expire(to, 50ms);
          const std::string_view keys[] = {"a", "b", "c"};
          const std::string expected = combined(operation, std::span(sources, count));
          ASSERT_EQ(*cache_.bit_op(operation, to, std::span(keys, count)), expected.size());
          ASSERT_EQ(value(to), expected.empty() ? "(missing)" : expected) << a << ", " << b << " bytes to " << to;
          EXPECT_EQ(cache_.ttl(to).value_or(TimeToLive{}).left, std::nullopt);
        }
      }
    }
  }
}

TEST_F(BitCommands, AMissingSourceIsAllZeros) {
  cache_.set("a", "\xf0\xff");
  cache_.set("expired", "\xff\xff\xff", {.ttl = 10ms});
  advance(10ms);
  const std::string_view sources[] = {"a", "missing", "expired"};
  EXPECT_EQ(*cache_.bit_op(kOr, "to", sources), 2u);
  EXPECT_EQ(value("to"), "\xf0\xff");
  EXPECT_EQ(*cache_.bit_op(kAnd, "to", sources), 2u);
  EXPECT_EQ(value("to"), "\0\0"s);
  const std::string_view nothing[] = {"missing", "expired"};
  EXPECT_EQ(*cache_.bit_op(kXor, "to", nothing), 0u);
  EXPECT_FALSE(*cache_.exists("to"));
  EXPECT_EQ(cache_.stats().removed(RemovalCause::kDeleted), 1u);
}

TEST_F(BitCommands, ACombinationThatALoweredBoundForbidsIsRefused) {
  Cache& cache = make({.max_memory = 1_MiB, .shards = 1});
  ASSERT_TRUE(cache.set("large", binary(70'000)).ok());
  ASSERT_TRUE(cache.set_max_memory(256_KiB).ok());
  ASSERT_TRUE(*cache.exists("large"));
  EXPECT_EQ(cache.bit_op(kNot, "to", {"large"}).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_FALSE(*cache.exists("to"));
}

TEST_F(BitCommands, BitOpTakesOneSourceToManyAsItsOperationAllows) {
  cache_.set("a", "\x0f");
  std::vector<std::string_view> sources(1'023, "a");
  EXPECT_EQ(*cache_.bit_op(kXor, "to", sources), 1u);
  EXPECT_EQ(value("to"), "\x0f");
  sources.push_back("a");
  EXPECT_EQ(cache_.bit_op(kXor, "to", sources).status().code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.bit_op(kNot, "to", std::span(sources).first(2)).status().code(), ErrorCode::kInvalidArgument);
  for (const BitOperation operation : {kAnd, kNot}) {
    EXPECT_EQ(cache_.bit_op(operation, "to", {}).status().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(value("to"), "\x0f");
}

// --- Limits ---------------------------------------------------------------------------------------------------------------

const Call kBitWrites[] = {
    {"set_bit", [](Cache& cache, std::string_view key) { return code_of(cache.set_bit(key, 3, true)); }},
    {"set_bit far away", [](Cache& cache, std::string_view key) { return code_of(cache.set_bit(key, 20'000, true)); }},
    {"bit_op to it",
     [](Cache& cache, std::string_view key) {
       const std::string_view from[] = {cache.dbsize().value_or(0) != 0 ? "full" : key};
       return code_of(cache.bit_op(kNot, key, from));
     }},
};

TEST_F(BitCommands, OnePastTheLongestKeyIsRefusedAndNothingAfterClose) {
  const Call reads[] = {
      {"get_bit", [](Cache& cache, std::string_view key) { return code_of(cache.get_bit(key, 0)); }},
      {"bit_count", [](Cache& cache, std::string_view key) { return code_of(cache.bit_count(key)); }},
      {"bit_pos", [](Cache& cache, std::string_view key) { return code_of(cache.bit_pos(key, true)); }},
      {"bit_op from it",
       [](Cache& cache, std::string_view key) {
         const std::string_view from[] = {"a", key};
         return code_of(cache.bit_op(kOr, "to", from));
       }},
  };
  expect_key_limit(cache_, kBitWrites);
  expect_key_limit(cache_, reads);
  expect_closed(make({}), kBitWrites);
  expect_closed(make({}), reads);
}

TEST_F(BitCommands, WithoutRoomNothingIsStored) {
  expect_no_room(make(one_entry()), kBitWrites);
  expect_no_memory(kBitWrites);
}

}  // namespace
}  // namespace larder::commands
