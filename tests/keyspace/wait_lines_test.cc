// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/wait_lines.h"

#include <gtest/gtest.h>

#include <utility>

namespace larder::keyspace {
namespace {

class Sleeper final : public Waiter {
 public:
  explicit Sleeper(WaitsFor what = WaitsFor::kList) : Waiter(what) {}
  void wake() noexcept override { ++times_; }
  // Since the last time.
  int woken() { return std::exchange(times_, 0); }

 private:
  int times_ = 0;
};

class WaitLinesTest : public testing::Test {
 protected:
  WaitLines lines_;
  Sleeper a_, b_, c_;
};

TEST_F(WaitLinesTest, AWriteWakesTheFirst) {
  lines_.join("k", a_);
  lines_.join("k", b_);
  lines_.join("other", c_);
  lines_.wake("k");
  EXPECT_EQ(a_.woken(), 1);
  EXPECT_EQ(b_.woken(), 0);
  EXPECT_EQ(c_.woken(), 0);
  EXPECT_TRUE(lines_.is_first("k", a_));
  EXPECT_FALSE(lines_.is_first("k", b_));
  EXPECT_TRUE(lines_.is_first("other", c_));
  lines_.wake("nobody's");
}

// Whether or not he has found something: he may have been woken for what is still there.
TEST_F(WaitLinesTest, WhoWasFirstWakesTheNextWhenHeLeaves) {
  const auto a = lines_.join("k", a_);
  const auto b = lines_.join("k", b_);
  const auto c = lines_.join("k", c_);
  lines_.leave("k", a);
  EXPECT_EQ(b_.woken(), 1);
  EXPECT_EQ(c_.woken(), 0);
  lines_.leave("k", c);  // from behind
  EXPECT_EQ(b_.woken(), 0);
  EXPECT_TRUE(lines_.is_first("k", b_));
  lines_.leave("k", b);
  EXPECT_EQ(a_.woken(), 0);
  EXPECT_EQ(c_.woken(), 0);
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(lines_.has("k", WaitsFor::kList));
}

TEST_F(WaitLinesTest, ThoseWhoWaitForListsDoNotStandBehindThoseWhoWaitForSortedSets) {
  Sleeper sorted(WaitsFor::kSortedSet);
  const auto first = lines_.join("k", sorted);
  EXPECT_FALSE(lines_.has("k", WaitsFor::kList));
  const auto a = lines_.join("k", a_);
  EXPECT_TRUE(lines_.is_first("k", a_));
  EXPECT_TRUE(lines_.is_first("k", sorted));
  lines_.wake("k");
  EXPECT_EQ(a_.woken(), 1);
  EXPECT_EQ(sorted.woken(), 1);
  lines_.leave("k", a);
  EXPECT_EQ(sorted.woken(), 0);
  lines_.leave("k", first);
  EXPECT_TRUE(lines_.empty());
}

TEST_F(WaitLinesTest, AllAreWokenAtTheEnd) {
  lines_.join("k", a_);
  lines_.join("k", b_);
  lines_.join("other", c_);
  lines_.wake_all();
  EXPECT_EQ(a_.woken() + b_.woken() + c_.woken(), 3);
}

}  // namespace
}  // namespace larder::keyspace
