// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is tried with every store that keeps versions: two caches over one table, each with a store object of its own.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "stores/trying.h"

namespace larder::stores {

using OpenStore = std::function<std::shared_ptr<BackingStore>()>;

// Stands before a store, counts, and loses answers.
class Between final : public BackingStore {
 public:
  enum class Answer : std::uint8_t { kComes, kIsLost, kThrows };

  explicit Between(std::shared_ptr<BackingStore> store) : store_(std::move(store)) {}

  StoreCapabilities capabilities() const override { return store_->capabilities(); }
  Lookup<StoredValue> load(std::string_view key) override {
    ++loads;
    return store_->load(key);
  }
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override {
    Lookup<StoredValue> found = store_->load_if_changed(key, version);
    ++(found && found->version == version && found->bytes.empty() ? without_bytes : with_bytes);
    return found;
  }
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    ++writes;
    Status whole = store_->write(batch, results);
    const Answer answer = std::exchange(next_answer, Answer::kComes);
    if (answer == Answer::kIsLost) {
      for (WriteResult& result : results) result = WriteResult::unknown("the answer was lost");
    }
    if (answer == Answer::kThrows) throw std::runtime_error("the answer was lost");
    return whole;
  }

  Answer next_answer = Answer::kComes;
  int loads = 0, writes = 0, without_bytes = 0, with_bytes = 0;

 private:
  const std::shared_ptr<BackingStore> store_;
};

// On a clock that stands still until told to move; both caches begin at the same time.
class TwoCaches {
 public:
  TwoCaches(const OpenStore& open, StoreOptions options)
      : store_a(std::make_shared<Between>(open())),
        store_b(std::make_shared<Between>(open())),
        a_(made(store_a, options)),
        b_(made(store_b, options)) {}
  ~TwoCaches() {
    EXPECT_EQ(a_->check_invariants().to_string(), "ok");
    EXPECT_EQ(b_->check_invariants().to_string(), "ok");
  }
  TwoCaches(const TwoCaches&) = delete;
  TwoCaches& operator=(const TwoCaches&) = delete;

  Cache& a() { return *a_; }
  Cache& b() { return *b_; }
  // What nobody got into the store, since this was last asked.
  std::vector<std::string> letters() { return std::exchange(letters_, {}); }

  ManualClock clock;
  const std::shared_ptr<Between> store_a, store_b;

 private:
  std::unique_ptr<Cache> made(const std::shared_ptr<Between>& store, StoreOptions options) {
    options.backing = store;
    options.write_back.threads = 0;
    options.write_back.close_wait = Milliseconds{0};
    options.write_back.dead_letters = [this](const DeadLetter& letter) {
      letters_.push_back(std::string(letter.mutation.key) + "=" + std::string(letter.mutation.bytes) + " " +
                         std::string(to_string(letter.error.code())));
    };
    Options all;
    all.clock = &clock;
    all.store = options;
    return std::make_unique<Cache>(all);
  }

  std::vector<std::string> letters_;
  std::unique_ptr<Cache> a_, b_;
};

using Letters = std::vector<std::string>;

inline void expect_checks_what_is_written_through(const OpenStore& open) {
  TwoCaches two(open, {.check_versions = true});
  Cache &a = two.a(), &b = two.b();
  EXPECT_TRUE(a.set("n", "1").ok());
  EXPECT_EQ(b.incr("n").value_or(0), 2);
  EXPECT_EQ(b.incr("n").value_or(0), 3) << "its own writes are no conflicts";
  EXPECT_EQ(a.incr("n").status().code(), ErrorCode::kConflict);
  EXPECT_FALSE(a.peek("n"));
  EXPECT_EQ(a.incr("n").value_or(0), 4);
  EXPECT_EQ(b.set("n", "x").status().code(), ErrorCode::kConflict) << "an overwrite, too";
  EXPECT_EQ(b.get("n").value_or(""), "4");
  EXPECT_TRUE(a.del("n").value_or(false));
  EXPECT_EQ(b.append("n", "x").status().code(), ErrorCode::kConflict);
  EXPECT_EQ(b.append("n", "y").value_or(0), 1u);

  EXPECT_TRUE(a.mset({{"n", "5"}, {"m", "5"}}).ok());
  EXPECT_FALSE(b.mset({{"n", "6"}, {"m", "6"}}).ok());
  EXPECT_EQ(b.get("n").value_or("") + b.get("m").value_or(""), "55") << "nothing of the group";
  EXPECT_TRUE(b.mset({{"n", "6"}, {"m", "6"}}).ok());
  EXPECT_EQ(a.rename("n", "m").code(), ErrorCode::kConflict);
  EXPECT_TRUE(a.rename("n", "m").ok());
  EXPECT_EQ(b.del("m").status().code(), ErrorCode::kConflict);
  EXPECT_TRUE(b.del("m").value_or(false));

  // The caller is told that nobody knows, and the next call sees what there is.
  two.store_a->next_answer = Between::Answer::kIsLost;
  EXPECT_EQ(a.set("k", "1").status().code(), ErrorCode::kOutcomeUnknown);
  two.store_a->next_answer = Between::Answer::kThrows;
  EXPECT_EQ(a.incr("k").status().code(), ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(a.incr("k").value_or(0), 3);
}

inline void expect_checks_what_is_written_back(const OpenStore& open) {
  TwoCaches two(open, {.writes = StoreOptions::Writes::kBack, .check_versions = true});
  Cache &a = two.a(), &b = two.b();
  const auto flush_both = [&] {
    EXPECT_TRUE(a.flush(Milliseconds{0}).complete());
    EXPECT_TRUE(b.flush(Milliseconds{0}).complete());
  };
  // The same write of both, and the same sequence, as they began at the same time: still it is another's.
  EXPECT_EQ(a.incr("n").value_or(0), 1);
  EXPECT_EQ(b.incr("n").value_or(0), 1);
  flush_both();
  EXPECT_EQ(two.letters(), Letters{"n=1 conflict"});
  EXPECT_EQ(b.incr("n").value_or(0), 2);
  EXPECT_EQ(a.incr("n").value_or(0), 2);
  EXPECT_EQ(a.incr("n").value_or(0), 3);
  flush_both();
  EXPECT_EQ(two.letters(), Letters{"n=2 conflict"});
  EXPECT_EQ(b.get("n").value_or(""), "3");
  EXPECT_TRUE(b.del("n").value_or(false));
  EXPECT_TRUE(a.del("n").value_or(false));
  flush_both();
  EXPECT_EQ(two.letters(), Letters{}) << "both wanted it gone";

  EXPECT_TRUE(a.mset({{"x", "a"}, {"y", "a"}}).ok());
  EXPECT_TRUE(b.set("y", "b").ok());
  EXPECT_TRUE(b.flush(Milliseconds{0}).complete());
  flush_both();
  Letters letters = two.letters();
  EXPECT_EQ(letters.size(), 2u) << "a group goes as a whole";
  EXPECT_TRUE(a.get("x").missing());
  EXPECT_EQ(a.get("y").value_or(""), "b");
}

inline void expect_knows_what_was_written_back(const OpenStore& open) {
  using namespace std::chrono_literals;
  TwoCaches two(open, {.writes = StoreOptions::Writes::kBack, .check_versions = true});
  Cache &a = two.a(), &b = two.b();
  const auto lose = [&](Between::Answer how) {
    two.store_a->next_answer = how;
    EXPECT_FALSE(a.flush(0ms).complete());
  };
  const auto flush_again = [&] {
    two.clock.advance(1min);
    EXPECT_TRUE(a.flush(1s).complete());
  };
  const auto forgotten = [](Cache& cache) -> Cache& {
    EXPECT_TRUE(cache.clear().ok());
    return cache;
  };
  for (const auto how : {Between::Answer::kIsLost, Between::Answer::kThrows}) {
    EXPECT_TRUE(a.set("k", "1").ok());
    lose(how);
    EXPECT_EQ(forgotten(b).get("k").value_or(""), "1") << "it is there, but for the answer";
    EXPECT_EQ(a.incr("k").value_or(0), 2) << "built on what is not known to be there";
    flush_again();
    EXPECT_EQ(forgotten(b).get("k").value_or(""), "2");
    EXPECT_TRUE(a.mset({{"k", "3"}, {"l", "3"}}).ok());
    lose(how);
    flush_again();
    EXPECT_EQ(forgotten(b).get("k").value_or("") + b.get("l").value_or(""), "33");
    EXPECT_EQ(a.del({"k", "l"}).value_or(0), 2u);
    lose(how);
    flush_again();
    EXPECT_TRUE(forgotten(b).get("k").missing());
    EXPECT_EQ(two.letters(), Letters{});
  }
  EXPECT_TRUE(a.set("k", "mine").ok());
  lose(Between::Answer::kIsLost);
  EXPECT_EQ(forgotten(b).append("k", ", theirs").value_or(0), 12u);
  EXPECT_TRUE(b.flush(0ms).complete());
  flush_again();
  EXPECT_EQ(two.letters(), Letters{"k=mine conflict"});
  EXPECT_EQ(a.get("k").value_or(""), "mine, theirs");
}

inline void expect_loads_what_has_changed(const OpenStore& open) {
  using namespace std::chrono_literals;
  TwoCaches two(open, {.max_age = 10s, .staleness = {.refresh_ahead = 2s, .stale_for = 60s}});
  Cache &a = two.a(), &b = two.b();
  EXPECT_TRUE(b.set("k", "first").ok());
  EXPECT_EQ(a.get("k").value_or(""), "first");
  two.clock.advance(10s);
  EXPECT_EQ(a.get("k").value_or(""), "first");
  EXPECT_EQ(two.store_a->without_bytes, 1) << "only asked whether it has changed";
  EXPECT_TRUE(b.set("k", "second").ok());
  EXPECT_EQ(a.get("k").value_or(""), "first") << "fresh";
  two.clock.advance(9s);
  EXPECT_EQ(a.get("k").value_or(""), "first") << "nobody waits";
  a.tick();
  EXPECT_EQ(a.peek("k").value_or(""), "second");
  EXPECT_EQ(two.store_a->with_bytes, 1);
  two.clock.advance(9s);
  EXPECT_EQ(a.get("k").value_or(""), "second");
  a.tick();
  EXPECT_EQ(two.store_a->without_bytes, 2);
  two.clock.advance(9s);
  EXPECT_EQ(a.peek("k").value_or(""), "second") << "fresh since it was refreshed";
  EXPECT_EQ(two.store_a->loads, 1);
  EXPECT_TRUE(b.set("k", "").ok());
  two.clock.advance(1s);
  EXPECT_EQ(a.get("k").value_or("(none)"), "") << "no bytes, and yet another version";
  EXPECT_TRUE(b.del("k").value_or(false));
  two.clock.advance(10s);
  EXPECT_TRUE(a.get("k").missing());
}

inline void expect_serves_checked_caches(const OpenStore& open) {
  expect_checks_what_is_written_through(open);
  expect_checks_what_is_written_back(open);
  expect_knows_what_was_written_back(open);
  expect_loads_what_has_changed(open);
}

}  // namespace larder::stores
