// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS L5 for loaders: values that are served although their time is over, refreshed before it is, and loaded
// several at once.
#include <gmock/gmock.h>

#include <stdexcept>
#include <thread>

#include "support/cache_fixture.h"

namespace larder::loading {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class StalenessTest : public support::CacheFixture {
 protected:
  Lookup<std::string> load(Loaded gives, const LoadOptions& options) {
    return cache_.get_or_load(
        "k",
        [&] {
          ++loads_;
          return gives;
        },
        options);
  }
  static Loaded failure() { return Status(ErrorCode::kLoadFailed, "the source is down"); }

  int loads_ = 0;
  const LoadOptions stale_ = {.ttl = 10s, .staleness = {.stale_for = 60s, .retry_after = 2s}};
  const LoadOptions ahead_ = {.ttl = 10s, .staleness = {.refresh_ahead = 2s}};
};

TEST_F(StalenessTest, L5AnOldValueIsServedWhereTheLoaderFails) {
  EXPECT_EQ(load("1", stale_), "1");
  advance(10s);
  EXPECT_FALSE(cache_.get("k")) << "for all others it has ended";
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_EQ(load(failure(), stale_), "1");
  EXPECT_EQ(loads_, 2);
  advance(1'999ms);
  EXPECT_EQ(load("2", stale_), "1");
  EXPECT_EQ(loads_, 2) << "not tried again so soon";
  advance(1ms);
  EXPECT_EQ(load("2", stale_), "2");
  EXPECT_EQ(*cache_.get("k"), "2");
  EXPECT_EQ(cache_.stats().served_stale, 2u);
  EXPECT_EQ(cache_.stats().removed(RemovalCause::kExpired), 1u);
}

TEST_F(StalenessTest, L5ForSoLongOnly) {
  EXPECT_EQ(load("1", stale_), "1");
  advance(69'999ms);
  EXPECT_EQ(load(failure(), stale_), "1");
  advance(1ms);
  EXPECT_EQ(load(failure(), stale_).status().code(), ErrorCode::kLoadFailed);
}

TEST_F(StalenessTest, L5NotToACallerWhoDoesNotAllowIt) {
  EXPECT_EQ(load("1", stale_), "1");
  advance(10s);
  EXPECT_EQ(load(failure(), {.ttl = 10s}).status().code(), ErrorCode::kLoadFailed);
  EXPECT_EQ(load(failure(), stale_), "1");
}

TEST_F(StalenessTest, L5AFailureIsNotRememberedInItsPlace) {
  LoadOptions options = stale_;
  options.error_ttl = 60s;
  EXPECT_EQ(load("1", options), "1");
  advance(10s);
  EXPECT_EQ(load(failure(), options), "1");
  EXPECT_EQ(load(failure(), options), "1");
  EXPECT_EQ(loads_, 2);
}

TEST_F(StalenessTest, L5AnOldValueIsServedWhileAnotherCallerLoads) {
  EXPECT_EQ(load("1", stale_), "1");
  advance(10s);
  std::string meanwhile;
  const auto slow = [&] {
    std::jthread([&] { meanwhile = load("never asked", stale_).value_or("(none)"); }).join();
    return std::string("2");
  };
  EXPECT_EQ(cache_.get_or_load("k", slow, stale_), "2");
  EXPECT_EQ(meanwhile, "1");
  EXPECT_EQ(loads_, 1);
}

TEST_F(StalenessTest, L5WhatTheLoaderNoLongerFindsIsGone) {
  EXPECT_EQ(load("1", stale_), "1");
  advance(10s);
  EXPECT_TRUE(load(std::nullopt, stale_).missing());
  EXPECT_EQ(load(failure(), stale_).status().code(), ErrorCode::kLoadFailed);
  EXPECT_EQ(cache_.stats().entries_negative, 0u);
}

TEST_F(StalenessTest, L5WritesAndInvalidationsEndIt) {
  for (const auto& end_it :
       std::vector<std::function<void()>>{[&] { (void)cache_.invalidate("k"); }, [&] { (void)cache_.clear(); },
                                          [&] { (void)cache_.set("k", "x", {.ttl = 1ms}); }}) {
    EXPECT_EQ(load("1", stale_), "1");
    advance(10s);
    end_it();
    advance(1ms);
    EXPECT_EQ(load(failure(), stale_).status().code(), ErrorCode::kLoadFailed);
  }
}

TEST_F(StalenessTest, L5AValueThatWasChangedIsNoLoadedOne) {
  const std::vector<std::function<void()>> changes = {
      [&] { (void)cache_.append("k", "2"); },
      [&] { (void)cache_.set("k", "3", {.keep_ttl = true}); },
      [&] { (void)cache_.set_range("k", 0, "4"); },
      [&] { (void)cache_.incr("k"); },
      [&] { (void)cache_.append("k", std::string(2'000, '5')); },
  };
  for (const auto& change : changes) {
    EXPECT_EQ(load("1", stale_), "1");
    change();
    EXPECT_EQ(cache_.ttl("k")->left, 10s);
    advance(10s);
    EXPECT_EQ(load(failure(), stale_).status().code(), ErrorCode::kLoadFailed);
  }
}

TEST_F(StalenessTest, L5WhoAsksShortlyBeforeItsTimeLoadsItAgain) {
  EXPECT_EQ(load("1", ahead_), "1");
  advance(7'999ms);
  EXPECT_EQ(load("2", ahead_), "1");
  advance(1ms);
  EXPECT_EQ(load("2", ahead_), "2");
  EXPECT_EQ(cache_.ttl("k")->left, 10s);
  EXPECT_EQ(loads_, 2);
  advance(8s);
  EXPECT_EQ(load("3", ahead_), "3");
}

TEST_F(StalenessTest, L5OthersHaveTheValueMeanwhile) {
  EXPECT_EQ(load("1", ahead_), "1");
  advance(9s);
  std::string meanwhile;
  const auto slow = [&] {
    std::jthread([&] { meanwhile = load("never asked", ahead_).value_or("(none)"); }).join();
    return std::string("2");
  };
  EXPECT_EQ(cache_.get_or_load("k", slow, ahead_), "2");
  EXPECT_EQ(meanwhile, "1");
}

TEST_F(StalenessTest, L5ARefreshThatFailsIsNoHarm) {
  EXPECT_EQ(load("1", ahead_), "1");
  advance(9s);
  EXPECT_EQ(load(failure(), ahead_), "1");
  EXPECT_EQ(load(failure(), ahead_), "1");
  EXPECT_EQ(loads_, 2) << "once";
  EXPECT_EQ(cache_.stats().served_stale, 0u);
  advance(1s);
  EXPECT_EQ(load("2", ahead_), "2");
}

TEST_F(StalenessTest, L5ARefreshThatFailsIsNotRememberedInPlaceOfTheValue) {
  LoadOptions options = ahead_;
  options.error_ttl = 1h;
  EXPECT_EQ(load("1", options), "1");
  advance(9s);
  EXPECT_EQ(load(failure(), options), "1");
  EXPECT_EQ(load(failure(), options), "1");
  EXPECT_EQ(cache_.get("k"), "1");
  advance(1s);
  EXPECT_EQ(load("2", options), "2");
}

TEST_F(StalenessTest, L5BadTimesAreRefused) {
  for (const Staleness& bad :
       {Staleness{.refresh_ahead = -1ms}, Staleness{.stale_for = -1ms}, Staleness{.soft_wait = -1ms},
        Staleness{.retry_after = -1ms}, Staleness{.stale_for = Milliseconds::max()}, Staleness{.refresh_ahead = 10s},
        Staleness{.soft_wait = 1ms}}) {
    EXPECT_EQ(load("1", {.ttl = 10s, .staleness = bad}).status().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(loads_, 0);
}

// --- Several at once --------------------------------------------------------------------------------------------------

using Keys = std::span<const std::string_view>;

class BulkLoadTest : public support::CacheFixture {
 protected:
  std::vector<std::string> load(const KeyList& keys, const LoadOptions& options = {}) {
    std::vector<std::string> texts;
    const auto answers = cache_.get_or_load_many(
        keys,
        [&](Keys missing) {
          asked_.emplace_back(missing.begin(), missing.end());
          std::vector<Loaded> loaded;
          for (const std::string_view key : missing) {
            if (key == "none") {
              loaded.emplace_back(std::nullopt);
            } else if (key == "bad") {
              loaded.emplace_back(Status(ErrorCode::kLoadFailed, "bad"));
            } else {
              loaded.emplace_back(std::string(key) + "!");
            }
          }
          return loaded;
        },
        options);
    for (const auto& answer : answers) {
      texts.push_back(answer ? *answer : answer.missing() ? "(none)" : std::string(to_string(answer.status().code())));
    }
    return texts;
  }
  std::vector<std::vector<std::string>> asked_;
};

TEST_F(BulkLoadTest, L5WhatIsMissingIsLoadedAtOnce) {
  cache_.set("b", "here");
  EXPECT_THAT(load({"a", "b", "c"}), ElementsAre("a!", "here", "c!"));
  EXPECT_THAT(asked_, ElementsAre(ElementsAre("a", "c")));
  EXPECT_THAT(load({"a", "b", "c"}), ElementsAre("a!", "here", "c!"));
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_THAT(load({}), IsEmpty());
  EXPECT_EQ(cache_.stats().loads, 1u);
}

TEST_F(BulkLoadTest, L5EachKeyHasItsOwnAnswer) {
  EXPECT_THAT(load({"a", "none", "bad", "a"}, {.ttl = 5s}), ElementsAre("a!", "(none)", "load_failed", "a!"));
  EXPECT_THAT(asked_, ElementsAre(ElementsAre("a", "none", "bad")));
  EXPECT_EQ(cache_.ttl("a")->left, 5s);
  EXPECT_THAT(load({std::string(70'000, 'x'), "a"}), ElementsAre("key_too_long", "a!"));
}

TEST_F(BulkLoadTest, L5ALoaderThatGivesTooFewOrThrowsFailsForAll) {
  const auto too_few = cache_.get_or_load_many({"a", "b"}, [](Keys) { return std::vector<Loaded>{"1"}; });
  for (const auto& answer : too_few) EXPECT_EQ(answer.status().code(), ErrorCode::kLoadFailed);
  const auto throws =
      cache_.get_or_load_many({"a", "b"}, [](Keys) -> std::vector<Loaded> { throw std::runtime_error("broken"); });
  for (const auto& answer : throws) EXPECT_EQ(answer.status().code(), ErrorCode::kLoaderThrew);
  EXPECT_THAT(load({"a", "b"}), ElementsAre("a!", "b!")) << "nothing stays behind";
}

TEST_F(BulkLoadTest, L5TwoWhoAskForTheSameKeysTheOtherWayRound) {
  std::vector<std::string> other;
  std::jthread second;
  const auto answers = cache_.get_or_load_many({"a", "b"}, [&](Keys keys) {
    second = std::jthread([&] { other = load({"c", "b", "a"}); });
    while (cache_.stats().loads_joined == 0) std::this_thread::yield();
    return std::vector<Loaded>(keys.begin(), keys.end());
  });
  second.join();
  EXPECT_EQ(answers[0], "a");
  EXPECT_EQ(answers[1], "b");
  EXPECT_THAT(other, ElementsAre("c!", "b", "a"));
}

TEST_F(BulkLoadTest, L5StaleValuesStandInForThoseThatFail) {
  const LoadOptions options = {.ttl = 10s, .staleness = {.stale_for = 60s}};
  const auto give = [](Loaded loaded) {
    return [loaded](Keys keys) { return std::vector<Loaded>(keys.size(), loaded); };
  };
  (void)cache_.get_or_load_many({"a", "b"}, give("1"), options);
  advance(10s);
  const auto answers = cache_.get_or_load_many({"a", "b", "c"}, give(Status(ErrorCode::kLoadFailed, "down")), options);
  EXPECT_EQ(answers[0], "1");
  EXPECT_EQ(answers[1], "1");
  EXPECT_EQ(answers[2].status().code(), ErrorCode::kLoadFailed);
}

}  // namespace
}  // namespace larder::loading
