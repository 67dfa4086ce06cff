// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace larder {
namespace {

TEST(ErrorCode, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  const auto last = static_cast<unsigned>(ErrorCode::kServerError);
  for (unsigned code = 0; code <= last; ++code) names.insert(to_string(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), last + 1);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(to_string(ErrorCode::kOk), "ok");
  EXPECT_EQ(to_string(ErrorCode::kOutOfMemory), "out_of_memory");
  EXPECT_EQ(to_string(ErrorCode::kTimeout), "timeout");
  EXPECT_EQ(to_string(ErrorCode::kQueueFull), "queue_full");
  EXPECT_EQ(to_string(ErrorCode::kStoreMalformed), "store_malformed");
  EXPECT_EQ(to_string(ErrorCode::kServerError), "server_error");
  EXPECT_EQ(to_string(static_cast<ErrorCode>(last + 1)), "unknown");
}

TEST(Status, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(status);
  EXPECT_EQ(status.code(), ErrorCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.to_string(), "ok");
}

TEST(Status, AnErrorKeepsCodeAndMessage) {
  const Status status(ErrorCode::kOverflow, "too large");
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status);
  EXPECT_EQ(status.code(), ErrorCode::kOverflow);
  EXPECT_EQ(status.message(), "too large");
  EXPECT_EQ(status.to_string(), "overflow: too large");
}

TEST(Status, CopiesAreIndependent) {
  Status one(ErrorCode::kClosed, "closed");
  Status other = one;
  one = Status();
  EXPECT_TRUE(one.ok());
  EXPECT_EQ(other.to_string(), "closed: closed");
  other = Status(ErrorCode::kTimeout, "late");
  Status& itself = other;
  other = itself;
  EXPECT_EQ(other.to_string(), "timeout: late");
  other = one;
  EXPECT_TRUE(other.ok());
}

TEST(Status, MovesWithItsMessage) {
  Status one(ErrorCode::kClosed, "closed");
  const Status other = std::move(one);
  EXPECT_EQ(other.message(), "closed");
}

TEST(Status, TakesOnePointer) { EXPECT_EQ(sizeof(Status), sizeof(void*)); }

TEST(StatusDeathTest, OkIsNoErrorCode) { EXPECT_DEATH(Status(ErrorCode::kOk, "fine"), "an error needs an error code"); }

TEST(Lookup, HasThreeStates) {
  const Lookup<int> miss;
  const Lookup<int> found = 7;
  const Lookup<int> error = Status(ErrorCode::kWrongType, "no string");

  EXPECT_TRUE(miss.missing());
  EXPECT_FALSE(miss.has_value());
  EXPECT_TRUE(miss.status().ok());

  EXPECT_FALSE(found.missing());
  EXPECT_TRUE(found);
  EXPECT_TRUE(found.status().ok());
  EXPECT_EQ(*found, 7);

  EXPECT_FALSE(error.missing());
  EXPECT_FALSE(error);
  EXPECT_EQ(error.status().code(), ErrorCode::kWrongType);
}

TEST(Lookup, ValueOrFallsBackOnMissAndError) {
  EXPECT_EQ(Lookup<int>().value_or(1), 1);
  EXPECT_EQ(Lookup<int>(Status(ErrorCode::kClosed, "")).value_or(1), 1);
  EXPECT_EQ(Lookup<int>(7).value_or(1), 7);
  EXPECT_EQ(*Lookup<std::unique_ptr<int>>(std::make_unique<int>(5)).value_or(nullptr), 5);  // moved, not copied
  EXPECT_EQ(*Result<std::unique_ptr<int>>(std::make_unique<int>(5)).value_or(nullptr), 5);
}

TEST(Lookup, EqualsAValueIfItIsThatOne) {
  const Lookup<std::string> found = std::string("7");
  EXPECT_TRUE(found == "7" && "7" == found && found == std::string_view("7").data());
  EXPECT_FALSE(found == "8");
  EXPECT_NE(Lookup<std::string>(), "");
  EXPECT_NE(Lookup<std::string>(Status(ErrorCode::kClosed, "")), "");
}

TEST(Result, EqualsAValueIfItIsThatOne) {
  EXPECT_EQ(Result<int>(7), 7);
  EXPECT_NE(Result<int>(7), 8);
  EXPECT_NE(Result<int>(Status(ErrorCode::kClosed, "")), 0);
}

TEST(Lookup, AValueCanBeMovedOut) {
  Lookup<std::unique_ptr<int>> found = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(found);
  EXPECT_EQ(*taken, 5);
}

TEST(LookupDeathTest, TakingNoValueSaysWhy) {
  const Lookup<std::string> miss;
  EXPECT_DEATH(static_cast<void>(*miss), "it is a miss");
  const Lookup<std::string> error = Status(ErrorCode::kWrongType, "no string");
  EXPECT_DEATH(static_cast<void>(error->size()), "wrong_type: no string");
}

TEST(Result, IsAValueOrAnError) {
  Result<std::string> good = std::string("v");
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(good.status().ok());
  good->push_back('w');
  EXPECT_EQ(*good, "vw");
  EXPECT_EQ(good.value_or("x"), "vw");

  const Result<std::string> bad = Status(ErrorCode::kOutOfMemory, "full");
  EXPECT_FALSE(bad.ok());
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.status().to_string(), "out_of_memory: full");
  EXPECT_EQ(bad.value_or("x"), "x");
}

TEST(ResultDeathTest, TakingTheValueOfAnErrorSaysWhich) {
  const Result<int> bad = Status(ErrorCode::kOutOfMemory, "full");
  EXPECT_DEATH(static_cast<void>(*bad), "out_of_memory: full");
}

// What a loop goes through would be gone before its first turn, if a temporary answer handed out a reference.
TEST(Result, ATemporaryHandsOutItsValueNotAReference) {
  static_assert(std::is_same_v<decltype(*std::declval<Result<std::string>>()), std::string>);
  static_assert(std::is_same_v<decltype(std::declval<Result<std::string>>().value()), std::string>);
  static_assert(std::is_same_v<decltype(*std::declval<Lookup<std::string>>()), std::string>);
  static_assert(std::is_same_v<decltype(std::declval<Lookup<std::string>>().value()), std::string>);
  const auto names = [] { return Result<std::set<std::string>>(std::set<std::string>{"ann", "bob"}); };
  std::string all;
  for (const std::string& name : *names()) all += name;
  for (const std::string& name : names().value()) all += name;
  EXPECT_EQ(all, "annbobannbob");
}

}  // namespace
}  // namespace larder
