// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "commands/every_call.h"
#include "larder/bits.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using enum BitFieldStep::Action;
using enum BitFieldStep::Overflow;
using Answers = std::vector<std::optional<std::int64_t>>;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

class BitField : public support::CacheFixture {
 protected:
  Answers run(const std::vector<BitFieldStep>& steps, std::string_view key = "k") {
    const auto answers = cache_.bit_field(key, steps);
    EXPECT_TRUE(answers.ok()) << answers.status().to_string();
    return answers.value_or(Answers());
  }
  std::string value(std::string_view key) { return cache_.peek(key).value_or("(missing)"); }
};

BitFieldStep get(bool is_signed, unsigned width, std::uint64_t at) {
  return {.is_signed = is_signed, .width = static_cast<std::uint8_t>(width), .bit_offset = at};
}
BitFieldStep set(bool is_signed, unsigned width, std::uint64_t at, std::int64_t to) {
  return {.action = kSet,
          .is_signed = is_signed,
          .width = static_cast<std::uint8_t>(width),
          .bit_offset = at,
          .operand = to};
}

TEST_F(BitField, EveryWidthKeepsItsNumberAndItsNeighbours) {
  for (const bool is_signed : {false, true}) {
    for (unsigned width = 1; width <= (is_signed ? 64u : 63u); ++width) {
      const auto high = static_cast<std::int64_t>(~std::uint64_t{0} >> 1 >> (is_signed ? 64 - width : 63 - width));
      const std::int64_t least = is_signed ? -high - 1 : 0;
      for (const std::uint64_t at : {0u, 1u, 7u, 8u, 13u, 8'190u}) {
        for (const std::int64_t number : {high, least, std::int64_t{0}, high / 3}) {
          cache_.set("k", std::string(1'040, '\xa5'));
          std::string expected = value("k");
          for (unsigned bit = 0; bit < width; ++bit) {
            const std::uint64_t here = at + bit;
            const bool on = (static_cast<std::uint64_t>(number) >> (width - 1 - bit) & 1) != 0;
            const int mask = 0x80 >> here % 8;
            char& byte = expected[here / 8];
            byte = static_cast<char>(on ? byte | mask : byte & ~mask);
          }
          const Answers answers = run({set(is_signed, width, at, number), get(is_signed, width, at)});
          ASSERT_EQ(answers.at(1), number) << (is_signed ? "i" : "u") << width << " at " << at;
          ASSERT_EQ(value("k"), expected) << (is_signed ? "i" : "u") << width << " at " << at;
        }
      }
    }
  }
}

TEST_F(BitField, OverflowIsWhatTheStepSays) {
  const struct {
    bool is_signed;
    unsigned width;
    std::int64_t before;
    std::int64_t by;
    std::int64_t wrapped, saturated;
  } cases[] = {
      {false, 8, 255, 1, 0, 255},       {false, 8, 0, -1, 255, 0},        {false, 8, 250, 1'000, 226, 255},
      {false, 1, 1, 1, 0, 1},           {false, 63, kMax, 1, 0, kMax},    {false, 63, 0, kMin, 0, 0},
      {true, 8, 127, 1, -128, 127},     {true, 8, -128, -1, 127, -128},   {true, 8, 100, 1'000, 76, 127},
      {true, 1, 0, 1, -1, 0},           {true, 1, -1, -1, 0, -1},         {true, 64, kMax, 1, kMin, kMax},
      {true, 64, kMin, -1, kMax, kMin}, {true, 64, kMax, kMax, -2, kMax}, {true, 64, kMin, kMin, 0, kMin},
  };
  for (const auto& one : cases) {
    const struct {
      BitFieldStep::Overflow overflow;
      std::optional<std::int64_t> answer;
      std::int64_t stored;
    } rules[] = {{kWrap, one.wrapped, one.wrapped}, {kSaturate, one.saturated, one.saturated}, {kFail, {}, one.before}};
    for (const auto& rule : rules) {
      BitFieldStep add = set(one.is_signed, one.width, 3, one.by);
      add.action = kIncrBy;
      add.overflow = rule.overflow;
      const Answers answers =
          run({set(one.is_signed, one.width, 3, one.before), add, get(one.is_signed, one.width, 3)});
      EXPECT_EQ(answers.at(1), rule.answer) << one.width << " bits: " << one.before << " + " << one.by;
      EXPECT_EQ(answers.at(2), rule.stored) << one.width << " bits: " << one.before << " + " << one.by;
    }
  }
}

TEST_F(BitField, ASetBeyondTheRangeFollowsTheSameRule) {
  const struct {
    bool is_signed;
    std::int64_t to, wrapped, saturated;
  } cases[] = {{false, 257, 1, 255}, {false, -1, 255, 255}, {true, 200, -56, 127}, {true, -129, 127, -128}};
  for (const auto& one : cases) {
    for (const BitFieldStep::Overflow overflow : {kWrap, kSaturate, kFail}) {
      BitFieldStep step = set(one.is_signed, 8, 0, one.to);
      step.overflow = overflow;
      const Answers answers = run({set(one.is_signed, 8, 0, 5), step, get(one.is_signed, 8, 0)});
      EXPECT_EQ(answers.at(1), overflow == kFail ? std::optional<std::int64_t>() : 5) << one.to;  // what was there
      EXPECT_EQ(answers.at(2), overflow == kWrap ? one.wrapped : overflow == kSaturate ? one.saturated : 5) << one.to;
    }
  }
}

TEST_F(BitField, EachStepSeesWhatThoseBeforeItWrote) {
  BitFieldStep add = set(false, 4, 2, 1);
  add.action = kIncrBy;
  EXPECT_EQ(
      run({get(false, 8, 0), set(false, 8, 0, 0xff), add, get(false, 8, 0), set(true, 3, 5, 2), get(false, 16, 0)}),
      (Answers{0, 0, 0, 0xc3, 3, 0xc200}));
  EXPECT_EQ(value("k"), "\xc2"s);
}

TEST_F(BitField, GrowsToTheLastWriteEvenOneThatIsRefused) {
  BitFieldStep refused = set(false, 4, 8 * 2'000, 100);
  refused.overflow = kFail;
  cache_.set("k", "a", {.ttl = 50ms});
  EXPECT_EQ(run({get(false, 8, 80'000), set(false, 9, 0, 0xc5), refused}), (Answers{0, 0xc2, std::nullopt}));
  EXPECT_EQ(value("k"), "\x62\x80" + std::string(1'999, '\0'));
  EXPECT_EQ(cache_.ttl("k")->left, 50ms);
}

TEST_F(BitField, ReadingMakesNoKey) {
  EXPECT_EQ(run({get(false, 63, 5), get(true, 64, 0)}), (Answers{0, 0}));
  EXPECT_EQ(run({}), Answers());
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_EQ(run({set(false, 1, 0, 0)}), (Answers{0}));
  EXPECT_EQ(value("k"), "\0"s);
  cache_.set("short", "\xff\x7f");
  EXPECT_EQ(run({get(true, 8, 12), get(false, 12, 4)}, "short"), (Answers{-16, 0xf7f}));  // the end counts as zeros
  EXPECT_EQ(value("short"), "\xff\x7f");
}

TEST_F(BitField, RefusesStepsThatMakeNoSense) {
  constexpr std::uint64_t kBits = kValueBytesMax * 8;
  const struct {
    BitFieldStep step;
    ErrorCode code;
  } cases[] = {{get(false, 0, 0), ErrorCode::kInvalidArgument},
               {get(false, 64, 0), ErrorCode::kInvalidArgument},
               {get(true, 0, 0), ErrorCode::kInvalidArgument},
               {get(true, 65, 0), ErrorCode::kInvalidArgument},
               {get(true, 255, 0), ErrorCode::kInvalidArgument},
               {get(false, 8, kBits), ErrorCode::kOutOfRange},
               {set(false, 8, kBits - 7, 1), ErrorCode::kOutOfRange},
               {get(true, 64, ~std::uint64_t{0}), ErrorCode::kOutOfRange},
               {get(true, 1, ~std::uint64_t{0}), ErrorCode::kOutOfRange}};
  for (const auto& one : cases) {
    const BitFieldStep steps[] = {set(false, 8, 0, 1), one.step};
    EXPECT_EQ(cache_.bit_field("k", steps).status().code(), one.code);
  }
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_EQ(run({get(false, 8, kBits - 8)}), (Answers{0}));
  const BitFieldStep too_large[] = {set(false, 8, kBits - 8, 1)};  // for this max_memory
  EXPECT_EQ(cache_.bit_field("k", too_large).status().code(), ErrorCode::kValueTooLarge);
}

TEST_F(BitField, TakesAThousandAndTwentyFourSteps) {
  std::vector<BitFieldStep> steps;
  for (unsigned i = 0; i < 1'024; ++i) steps.push_back(set(false, 16, i * 16, i));
  EXPECT_EQ(run(steps), Answers(1'024, 0));
  for (unsigned i = 0; i < 1'024; ++i) EXPECT_EQ(run({get(false, 16, i * 16)}), Answers{i});
  steps.push_back(get(false, 8, 0));
  EXPECT_EQ(cache_.bit_field("k", steps).status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(BitField, ObeysTheLimitsOfKeysAndOfMemory) {
  const Call calls[] = {
      {"set",
       [](Cache& cache, std::string_view key) {
         const BitFieldStep steps[] = {set(false, 8, 0, 1)};
         return code_of(cache.bit_field(key, steps));
       }},
      {"set far away",
       [](Cache& cache, std::string_view key) {
         const BitFieldStep steps[] = {set(false, 8, 20'000, 1)};
         return code_of(cache.bit_field(key, steps));
       }},
      {"get",
       [](Cache& cache, std::string_view key) {
         const BitFieldStep steps[] = {get(false, 8, 0)};
         return code_of(cache.bit_field(key, steps));
       }},
      {"nothing", [](Cache& cache, std::string_view key) { return code_of(cache.bit_field(key, {})); }},
  };
  expect_key_limit(cache_, calls);
  expect_closed(cache_, calls);
  expect_no_room(make(one_entry()), std::span(calls, 2));
  expect_no_memory(std::span(calls, 2));
}

}  // namespace
}  // namespace larder::commands
