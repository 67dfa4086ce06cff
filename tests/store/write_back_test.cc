// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS W1-W11, W13, W16, one step after the other: no thread but this one writes, and time is advanced by hand.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "store/store_fixture.h"
#include "support/depth.h"

namespace larder::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Letter {
  std::string key;
  std::string bytes;
  bool is_put;
  DeadLetter::Reason reason;
  std::uint32_t attempts;
};

class WriteBack : public StoreFixture {
 protected:
  WriteBackOptions back() {
    WriteBackOptions options;
    options.threads = 0;
    options.breaker_failures = 0;
    options.close_wait = 0ms;
    options.dead_letters = [letters = letters_](const DeadLetter& letter) {  // also while the fixture is destroyed
      const Mutation& mutation = letter.mutation;
      letters->push_back(
          {std::string(mutation.key), std::string(mutation.bytes), mutation.is_put(), letter.reason, letter.attempts});
    };
    return options;
  }
  Cache& with(const WriteBackOptions& options, Options all = {}) {
    all.store = {.backing = store_, .writes = StoreOptions::Writes::kBack, .write_back = options};
    return make(all);
  }
  void pass(Milliseconds time) { clock_.advance(time); }
  // Until nothing more is due, however often it has to be tried.
  void settle(Cache& cache) {
    for (int i = 0; i < 1'000 && cache.stats().dirty_items != 0; ++i) {
      pass(40s);
      cache.tick();
    }
  }
  static std::string resident(Cache& cache, std::string_view key) { return cache.peek(key).value_or("(none)"); }
  std::vector<std::string> keys_written() const {
    std::vector<std::string> keys;
    for (const support::Written& one : store_->written()) keys.push_back(one.key + "=" + one.bytes);
    return keys;
  }

  std::shared_ptr<std::vector<Letter>> letters_ = std::make_shared<std::vector<Letter>>();
};

TEST_F(WriteBack, AWriteIsAcknowledgedAtOnceAndInTheStoreAfterTheDelay) {
  Cache& cache = with(back());
  EXPECT_TRUE(*cache.set("k", "v"));
  EXPECT_EQ(store_->row("k"), "(none)");
  EXPECT_EQ(*cache.get("k"), "v");
  EXPECT_EQ(cache.stats().dirty_items, 1u);
  pass(99ms);
  EXPECT_EQ(cache.tick().written, 0u);
  pass(1ms);
  EXPECT_EQ(cache.tick().written, 1u);
  EXPECT_EQ(store_->row("k"), "v");
  EXPECT_EQ(cache.stats().dirty_items, 0u);
  EXPECT_EQ(cache.stats().bytes_dirty, 0u);
}

TEST_F(WriteBack, W1AnOlderValueNeverOverwritesANewerOne) {
  Cache& cache = with(back());
  cache.set("k", "old");
  // While the old one is on its way, a new one is written; and the old one fails.
  store_->before_write = [&](std::span<const Mutation> batch) {
    if (batch[0].bytes == "old") cache.set("k", "new");
  };
  store_->fail_writes({Fault::kLost});
  pass(100ms);
  cache.tick();
  EXPECT_EQ(*cache.get("k"), "new");
  EXPECT_EQ(cache.stats().dirty_items, 1u) << "the new one took the place of the one that failed";
  settle(cache);
  EXPECT_THAT(keys_written(), ElementsAre("k=new"));
}

TEST_F(WriteBack, W1OneWriteOfAKeyIsOnItsWayAtATime) {
  Cache& cache = with(back());
  cache.set("k", "1");
  int depth = 0;
  store_->before_write = [&](std::span<const Mutation>) {
    if (depth++ != 0) return;
    cache.set("k", "2");
    EXPECT_FALSE(cache.flush("k", 1s).complete()) << "called by the store, it does not wait";
    EXPECT_EQ(*cache.get("k"), "2");
  };
  EXPECT_TRUE(cache.flush(1s).complete());
  settle(cache);
  EXPECT_THAT(keys_written(), ElementsAre("k=1", "k=2"));
}

TEST_F(WriteBack, W2TheLatestOfManyWritesGoesAndTheFirstSaysWhen) {
  Cache& cache = with(back());
  for (int i = 0; i < 10; ++i) {
    cache.incr("k");
    pass(10ms);
  }
  cache.tick();
  EXPECT_THAT(keys_written(), ElementsAre("k=10"));
  EXPECT_EQ(cache.stats().writes_coalesced, 9u);
}

TEST_F(WriteBack, W2WithoutCoalescingTheStoreGetsEachWrite) {
  WriteBackOptions options = back();
  options.coalesce = false;
  Cache& cache = with(options);
  for (int i = 0; i < 4; ++i) cache.incr("k");
  cache.del("k");
  cache.set("k", "again");
  store_->fail_writes({Fault::kNone, Fault::kRetry});
  settle(cache);
  EXPECT_THAT(keys_written(), ElementsAre("k=1", "k=2", "k=3", "k=4", "k=", "k=again"));
}

TEST_F(WriteBack, W3ABatchIsInTheOrderOfTheWrites) {
  Cache& cache = with(back());
  cache.set("b", "1");
  cache.set("a", "2");
  store_->put("c", {.bytes = "x"});
  EXPECT_TRUE(*cache.del("c"));
  cache.set("d", "4");
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_THAT(keys_written(), ElementsAre("b=1", "a=2", "c=", "d=4"));
  EXPECT_THAT(store_->batches(), ElementsAre(4u));
}

TEST_F(WriteBack, W3WhatOneCommandDidIsOneGroupOfOneBatch) {
  WriteBackOptions options = back();
  options.batch_max = 2;
  Cache& cache = with(options);
  cache.set("a", "before");
  ASSERT_TRUE(cache.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}}).ok());
  cache.set("b", "after");
  EXPECT_TRUE(cache.flush(1s).complete());
  const auto written = store_->written();
  ASSERT_THAT(keys_written(), ElementsAre("a=before", "a=1", "b=2", "c=3", "b=after"));
  EXPECT_THAT(store_->batches(), ElementsAre(1u, 3u, 1u));
  EXPECT_NE(written[1].group, 0u);
  EXPECT_EQ(written[1].group, written[2].group);
  EXPECT_EQ(written[1].group, written[3].group);
  EXPECT_EQ(written[0].group, 0u);
}

TEST_F(WriteBack, W4EachItemHasItsOwnAnswer) {
  Cache& cache = with(back());
  for (const char* key : {"a", "b", "c", "d"}) cache.set(key, key);
  store_->fail_writes_of("b", {Fault::kRetry});
  store_->fail_writes_of("c", {Fault::kNever});
  cache.flush(0ms);
  EXPECT_EQ(cache.stats().dirty_items, 1u);
  ASSERT_EQ(letters_->size(), 1u);
  EXPECT_EQ(letters_->front().key, "c");
  EXPECT_EQ(letters_->front().bytes, "c");
  EXPECT_EQ(letters_->front().reason, DeadLetter::Reason::kNever);
  EXPECT_EQ(resident(cache, "c"), "(none)") << "the store does not have it";
  EXPECT_EQ(resident(cache, "b"), "b");
  settle(cache);
  EXPECT_EQ(store_->row("b"), "b");
  EXPECT_EQ(store_->rows().size(), 3u);
}

TEST_F(WriteBack, W5AttemptsAreCountedForEachItem) {
  WriteBackOptions options = back();
  options.attempts_max = 3;
  Cache& cache = with(options);
  cache.set("bad", "1");
  store_->fail_writes_of("bad", {Fault::kRetry, Fault::kLost, Fault::kRetry, Fault::kRetry});
  for (int i = 0; i < 10; ++i) {
    cache.set("good" + std::to_string(i), "1");
    pass(40s);
    cache.tick();
  }
  ASSERT_EQ(letters_->size(), 1u);
  EXPECT_EQ(letters_->front().reason, DeadLetter::Reason::kAttempts);
  EXPECT_EQ(letters_->front().attempts, 3u);
  EXPECT_EQ(cache.stats().write_retries, 2u);
  EXPECT_EQ(cache.stats().dead_letters, 1u);
}

TEST_F(WriteBack, W5AnOutageMakesNoDeadLetters) {
  WriteBackOptions options = back();
  options.attempts_max = 2;
  options.breaker_failures = 3;
  Cache& cache = with(options);
  for (int i = 0; i < 20; ++i) cache.set("k" + std::to_string(i), "1");
  int calls = 0;
  bool down = true;
  store_->before_write = [&](auto) {
    ++calls;
    if (down) throw std::runtime_error("down");
  };
  for (int i = 0; i < 600; ++i) {
    pass(1s);
    cache.tick();
  }
  EXPECT_THAT(*letters_, IsEmpty());
  EXPECT_TRUE(cache.stats().store_left_alone);
  EXPECT_LT(calls, 100) << "ten minutes, and a store that is left alone";
  EXPECT_EQ(cache.stats().dirty_items, 20u);
  EXPECT_EQ(cache.stats().dirty_oldest_ms, 600'000u);
  down = false;
  settle(cache);
  EXPECT_EQ(store_->rows().size(), 20u);
}

TEST_F(WriteBack, W5ABatchThatFailsAsAWholeIsParted) {
  WriteBackOptions options = back();
  options.attempts_max = 3;
  Cache& cache = with(options);
  for (int i = 0; i < 16; ++i) cache.set("k" + std::to_string(i), "1");
  cache.set("poison", "1");
  store_->before_write = [&](std::span<const Mutation> batch) {
    for (const Mutation& one : batch) {
      if (one.key == "poison") throw std::runtime_error("one transaction, and no word of whose fault it was");
    }
  };
  for (int i = 0; i < 40; ++i) {
    cache.set("more" + std::to_string(i), "1");
    pass(40s);
    cache.tick();
  }
  EXPECT_EQ(store_->rows().size(), 56u);
  ASSERT_EQ(letters_->size(), 1u);
  EXPECT_EQ(letters_->front().key, "poison");
}

TEST_F(WriteBack, W5TheRateIsKept) {
  WriteBackOptions options = back();
  options.rate_max = 10;
  options.delay = 0ms;
  Cache& cache = with(options);
  for (int i = 0; i < 100; ++i) cache.set("k" + std::to_string(i), "1");
  for (int second = 1; second <= 5; ++second) {
    cache.tick();
    EXPECT_EQ(store_->rows().size(), 10u * static_cast<unsigned>(second));
    pass(1s);
  }
}

TEST_F(WriteBack, W5ManyOutagesMakeNoDeadLettersEither) {
  WriteBackOptions options = back();
  options.attempts_max = 1;
  Cache& cache = with(options);
  for (int i = 0; i < 20; ++i) {
    cache.set("k", std::to_string(i));
    store_->fail_writes({Fault::kFailsWhole, Fault::kRetry, Fault::kThrows});
    settle(cache);
    ASSERT_EQ(store_->row("k"), std::to_string(i));
  }
  EXPECT_TRUE(letters_->empty());
}

TEST_F(WriteBack, W5AfterAnOutageBatchesGrowAgain) {
  Cache& cache = with(back());
  for (int i = 0; i < 1'000; ++i) cache.set("k" + std::to_string(i), "1");
  bool down = true;
  store_->before_write = [&](auto) {
    if (down) throw std::runtime_error("down");
  };
  for (int i = 0; i < 100; ++i) {
    pass(40s);
    cache.tick();
  }
  down = false;
  const std::size_t before = store_->batches().size();
  pass(40s);
  cache.tick();
  EXPECT_EQ(store_->rows().size(), 1'000u);
  EXPECT_LT(store_->batches().size() - before, 20u);
}

TEST_F(WriteBack, W5OneRefusedKeyDoesNotOpenTheBreaker) {
  WriteBackOptions options = back();
  options.breaker_failures = 3;
  options.attempts_max = 1'000;
  Cache& cache = with(options);
  cache.set("bad", "1");
  for (int i = 0; i < 100; ++i) {
    store_->fail_writes_of("bad", {Fault::kRetry});
    pass(10s);
    cache.tick();
    EXPECT_FALSE(cache.stats().store_left_alone);
  }
}

TEST_F(WriteBack, W5AStoreThatAnswersRetryToAllIsLeftAloneToo) {
  WriteBackOptions options = back();
  options.breaker_failures = 5;
  Cache& cache = with(options);
  for (int i = 0; i < 300; ++i) cache.set("k" + std::to_string(i), "1");
  for (int i = 0; i < 5'000; ++i) store_->fail_writes({Fault::kRetry});
  for (int i = 0; i < 600; ++i) {
    pass(1s);
    cache.tick();
  }
  EXPECT_TRUE(cache.stats().store_left_alone);
  EXPECT_LT(store_->batches().size(), 100u);
  store_->fail_no_writes();
  EXPECT_TRUE(cache.flush(0ms).complete()) << "who flushes does not wait until their time has come";
  EXPECT_TRUE(letters_->empty());
}

TEST_F(WriteBack, W6ManyThatWaitForTheirTimeHoldUpNobody) {
  WriteBackOptions options = back();
  options.delay = 1h;
  options.retry_first = options.retry_most = 30min;
  Options all;
  all.shards = 1;
  Cache& cache = with(options, all);
  for (int i = 0; i < 500; ++i) {
    cache.set("bad" + std::to_string(i), "1");
    store_->fail_writes_of("bad" + std::to_string(i), {Fault::kRetry});
  }
  cache.flush(0ms);
  cache.set("good", "1");
  cache.flush(0ms);
  EXPECT_EQ(store_->row("good"), "1");
}

TEST_F(WriteBack, W6AFailingItemHoldsUpNobody) {
  WriteBackOptions options = back();
  options.attempts_max = 1'000;
  Cache& cache = with(options);
  store_->before_write = [&](std::span<const Mutation> batch) {
    if (batch.size() == 1 && batch[0].key == "bad") throw std::runtime_error("never works");
  };
  store_->fail_writes_of("bad", {Fault::kRetry});
  cache.set("bad", "1");
  for (int i = 0; i < 100; ++i) {
    cache.set("good", std::to_string(i));
    pass(100ms);
    cache.tick();
    ASSERT_EQ(store_->row("good"), std::to_string(i));
  }
}

TEST_F(WriteBack, W7ASinkThatThrowsIsAskedAgain) {
  WriteBackOptions options = back();
  int asked = 0;
  options.dead_letters = [&](const DeadLetter&) {
    if (++asked == 1) throw std::runtime_error("disk full");
  };
  Cache& cache = with(options);
  cache.set("k", "v");
  store_->fail_writes_of("k", {Fault::kNever, Fault::kNever});
  cache.flush(0ms);
  EXPECT_EQ(cache.stats().dead_letter_failures, 1u);
  EXPECT_EQ(cache.stats().dirty_items, 1u);
  EXPECT_EQ(*cache.get("k"), "v");
  settle(cache);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(cache.stats().dead_letters, 1u);
  EXPECT_EQ(cache.stats().dirty_items, 0u);
}

TEST_F(WriteBack, W7TheSinkMayWriteTheKeyAgain) {
  WriteBackOptions options = back();
  Cache* cache = nullptr;
  options.dead_letters = [&](const DeadLetter& letter) {
    cache->set(letter.mutation.key, "shorter");
    cache->flush(1s);
  };
  cache = &with(options);
  cache->set("k", "too long");
  store_->fail_writes_of("k", {Fault::kNever});
  settle(*cache);
  EXPECT_EQ(store_->row("k"), "shorter");
  EXPECT_EQ(*cache->get("k"), "shorter");
}

TEST_F(WriteBack, W8FullRefuses) {
  WriteBackOptions options = back();
  options.items_max = 3;
  options.when_full = WriteBackOptions::WhenFull::kRefuse;
  Cache& cache = with(options);
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(cache.set(key, "1").ok());
  EXPECT_EQ(cache.set("d", "1").status().code(), ErrorCode::kQueueFull);
  EXPECT_FALSE(*cache.exists("d"));
  EXPECT_EQ(cache.del("d").status().code(), ErrorCode::kQueueFull) << "a write, whatever is there";
  EXPECT_TRUE(cache.set("a", "2").ok()) << "in place of one that waits";
  EXPECT_EQ(cache.mset({{"d", "1"}, {"e", "1"}}).code(), ErrorCode::kQueueFull);
  EXPECT_EQ(cache.stats().write_queue_full, 3u);
  settle(cache);
  EXPECT_TRUE(cache.set("d", "1").ok());
}

TEST_F(WriteBack, W8FullInBytes) {
  WriteBackOptions options = back();
  options.bytes_max = 64 << 10;
  options.when_full = WriteBackOptions::WhenFull::kRefuse;
  Cache& cache = with(options);
  const std::string value(10'000, 'x');
  int taken = 0;
  for (int i = 0; i < 20; ++i) taken += cache.set("k" + std::to_string(i), value).ok();
  EXPECT_EQ(taken, 6);
  EXPECT_LE(cache.stats().bytes_dirty, 64u << 10);
  EXPECT_TRUE(cache.set("k0", std::string(100, 'y')).ok()) << "smaller than before";
  EXPECT_TRUE(cache.set("k19", std::string(5'000, 'x')).ok());
}

TEST_F(WriteBack, W8FullWritesThrough) {
  WriteBackOptions options = back();
  options.items_max = 2;
  options.when_full = WriteBackOptions::WhenFull::kThrough;
  Cache& cache = with(options);
  cache.set("a", "1");
  cache.set("b", "1");
  EXPECT_TRUE(*cache.set("c", "1"));
  EXPECT_THAT(keys_written(), ElementsAre("c=1"));
  ASSERT_TRUE(cache.mset({{"a", "2"}, {"d", "2"}}).ok()) << "what waits of a goes first";
  EXPECT_EQ(store_->row("a"), "2");
  EXPECT_EQ(store_->row("d"), "2");
  settle(cache);
  EXPECT_EQ(store_->row("b"), "1");
}

TEST_F(WriteBack, W8FullWithoutThreadsFlushesInTheCallersThread) {
  WriteBackOptions options = back();
  options.items_max = 3;
  Cache& cache = with(options);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache.set("k" + std::to_string(i), "1").ok());
  EXPECT_LE(cache.stats().dirty_items, 3u);
  EXPECT_GE(store_->rows().size(), 97u);
}

TEST_F(WriteBack, W8ATransactionThatWaitedForRoomIsNotBasedOnWhatOthersHaveOverwritten) {
  WriteBackOptions options = back();
  options.items_max = 3;
  Cache& cache = with(options);
  const auto transfer = [&] {
    return cache.atomically({"a", "b"},
                            [](Transaction& t) { return t.decr("a").ok() ? t.incr("b").status() : Status(); });
  };
  ASSERT_TRUE(cache.mset({{"x", "1"}, {"y", "1"}}).ok());
  ASSERT_TRUE(transfer().ok()) << "nobody else has written them";
  ASSERT_TRUE(cache.mset({{"x", "1"}, {"y", "1"}}).ok());
  bool written = false;
  store_->before_write = [&](auto) {
    if (!std::exchange(written, true)) {
      EXPECT_TRUE(cache.invalidate("a").ok());
      EXPECT_TRUE(cache.invalidate("b").ok());
      store_->put("a", {.bytes = "100"});
    }
  };
  EXPECT_EQ(transfer().code(), ErrorCode::kConflict);
  EXPECT_TRUE(written);
  ASSERT_TRUE(transfer().ok());
  settle(cache);
  EXPECT_EQ(store_->row("a"), "99");
  EXPECT_EQ(store_->row("b"), "2");
}

TEST_F(WriteBack, W8AValueBeyondTheBufferIsWrittenThrough) {
  WriteBackOptions options = back();
  options.bytes_max = 64 << 10;
  Cache& cache = with(options);
  EXPECT_TRUE(cache.set("k", "small").ok());
  EXPECT_TRUE(cache.set("k", std::string(100'000, 'x')).ok());
  EXPECT_EQ(store_->row("k").size(), 100'000u);
  EXPECT_EQ(cache.stats().dirty_items, 0u);
}

TEST_F(WriteBack, W8WhoIsRefusedDoesNotWaitForEarlierWritesOfTheKeyEither) {
  WriteBackOptions options = back();
  options.bytes_max = 64 << 10;
  options.when_full = WriteBackOptions::WhenFull::kRefuse;
  Cache& cache = with(options);
  EXPECT_TRUE(cache.set("k", "small").ok());
  store_->fail_writes_of("k", {Fault::kRetry});
  const std::string large(100'000, 'x');
  EXPECT_EQ(cache.set("k", large).status().code(), ErrorCode::kQueueFull);  // time stands still: waiting has no end
  EXPECT_EQ(*cache.get("k"), "small");
  EXPECT_EQ(cache.stats().store_last_error, "scripted");
  pass(40s);
  EXPECT_TRUE(cache.set("k", large).ok());
  EXPECT_EQ(store_->row("k"), large);
}

TEST_F(WriteBack, W9NeitherEvictionNorClearNorInvalidationLosesAWrite) {
  Options all;
  all.max_memory = 0;
  all.max_entries = 2;
  all.shards = 1;
  Cache& cache = with(back(), all);
  for (int i = 0; i < 50; ++i) cache.set("k" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(*cache.get("k" + std::to_string(i)), std::to_string(i));
  ASSERT_TRUE(cache.clear().ok());
  cache.invalidate("k7");
  cache.invalidate_prefix("k");
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_EQ(*cache.get("k7"), "7");
  EXPECT_EQ(*cache.peek("k8"), "8");
  EXPECT_EQ(*cache.incr("k9"), 10);
  EXPECT_THAT(store_->loaded(), IsEmpty()) << "the store would have said that there is none";
  settle(cache);
  EXPECT_EQ(store_->rows().size(), 50u);
  EXPECT_EQ(store_->row("k9"), "10");
}

TEST_F(WriteBack, W9WhatHasExpiredIsInvisibleAndStillWritten) {
  Cache& cache = with(back());
  store_->put("k", {.bytes = "old"});
  cache.set("k", "v", {.ttl = 50ms});
  pass(60ms);
  EXPECT_FALSE(cache.get("k") || cache.mget({"k"}).front());
  EXPECT_FALSE(*cache.exists("k"));
  EXPECT_EQ(*cache.incr("k"), 1) << "from nothing, not from what the store still has";
  cache.set("l", "v", {.ttl = 50ms});
  pass(100ms);
  EXPECT_FALSE(cache.get("l"));
  cache.tick();
  ASSERT_EQ(store_->rows().count("l"), 1u);
  EXPECT_TRUE(store_->rows()["l"].expires_at);
  EXPECT_FALSE(cache.get("l"));
}

TEST_F(WriteBack, W10ADeletedKeyIsNotBroughtBackByTheStore) {
  Cache& cache = with(back());
  store_->put("k", {.bytes = "old"});
  EXPECT_TRUE(*cache.del("k"));
  ASSERT_TRUE(cache.clear().ok());
  EXPECT_FALSE(cache.get("k") || cache.mget({"k"}).front());
  EXPECT_FALSE(cache.peek("k"));
  EXPECT_FALSE(*cache.exists("k"));
  EXPECT_FALSE(*cache.del("k"));
  EXPECT_TRUE(*cache.set("k", "new", {.condition = SetOptions::If::kAbsent}));
  EXPECT_TRUE(*cache.del("k"));
  EXPECT_EQ(*cache.get_or_load("k", [] { return std::string("loaded"); }), "loaded") << "the store is not asked";
  EXPECT_EQ(store_->row("k"), "old");
  settle(cache);
  EXPECT_EQ(store_->row("k"), "(none)");
}

TEST_F(WriteBack, W11FlushSaysWhatIsLeft) {
  Cache& cache = with(back());
  cache.set("a", "1");
  cache.set("b", "2");
  pass(30ms);
  store_->fail_writes_of("b", {Fault::kRetry});
  const FlushReport report = cache.flush(0ms);
  EXPECT_EQ(report.items, 1u);
  EXPECT_GT(report.bytes, 100u);
  EXPECT_EQ(report.oldest, 30ms);
  EXPECT_EQ(report.last_error.code(), ErrorCode::kStoreFailed);
  pass(1min);
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_TRUE(cache.flush(0ms).last_error.ok());
}

TEST_F(WriteBack, W11FlushOfOneKeyWritesThatOne) {
  Cache& cache = with(back());
  cache.set("a", "1");
  cache.set("b", "2");
  EXPECT_TRUE(cache.flush("b", 1s).complete());
  EXPECT_THAT(keys_written(), ElementsAre("b=2"));
  EXPECT_TRUE(cache.flush("nobody", 1s).complete());
  ASSERT_TRUE(cache.mset({{"a", "3"}, {"c", "3"}}).ok());
  EXPECT_TRUE(cache.flush("c", 1s).complete()) << "with what is before the others of its group";
  EXPECT_EQ(store_->row("a"), "3");
}

TEST_F(WriteBack, W11CloseWritesWhatIsDirtyAndHandsOverTheRest) {
  Cache& cache = with(back());
  cache.set("a", "1");
  cache.set("b", "2");
  ASSERT_TRUE(cache.mset({{"c", "3"}, {"d", "4"}}).ok());
  store_->fail_writes_of("b", {Fault::kRetry});
  store_->fail_writes_of("d", {Fault::kRetry});
  const FlushReport report = cache.close(0ms);
  EXPECT_TRUE(report.complete()) << "the sink has taken the rest";
  EXPECT_EQ(report.dead_letters, 2u);
  EXPECT_EQ(store_->rows().size(), 2u);
  ASSERT_EQ(letters_->size(), 2u);
  for (const Letter& letter : *letters_) EXPECT_EQ(letter.reason, DeadLetter::Reason::kClosed);
  EXPECT_EQ(cache.set("e", "5").status().code(), ErrorCode::kClosed);
}

TEST_F(WriteBack, W11CloseInTheMiddleOfAGroupsRetry) {
  Cache& cache = with(back());
  ASSERT_TRUE(cache.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}}).ok());
  store_->fail_writes({Fault::kFailsWhole, Fault::kRetry});
  cache.flush(0ms);
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_EQ(letters_->size(), 3u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_EQ(letters_->size(), 3u);
}

TEST_F(WriteBack, W11CloseTriesAStoreThatWasLeftAloneAndIsWellAgain) {
  WriteBackOptions options = back();
  options.breaker_failures = 1;
  Cache& cache = with(options);
  for (int i = 0; i < 10; ++i) cache.set("k" + std::to_string(i), "1");
  store_->fail_writes({Fault::kFailsWhole});
  cache.flush(0ms);
  EXPECT_TRUE(cache.stats().store_left_alone);
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_EQ(store_->rows().size(), 10u);
  EXPECT_TRUE(letters_->empty());
}

TEST_F(WriteBack, W11ASinkThatThrowsAtCloseIsAskedAgain) {
  WriteBackOptions options = back();
  auto asked = std::make_shared<int>(0);
  options.dead_letters = [asked](const DeadLetter&) {
    if (++*asked <= 2) throw std::runtime_error("disk full");
  };
  Cache& cache = with(options);
  cache.set("a", "1");
  cache.set("b", "1");
  store_->fail_writes({Fault::kFailsWhole});
  EXPECT_EQ(cache.close(0ms).items, 2u);
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_EQ(*asked, 4);
}

TEST_F(WriteBack, W11TheDestructorCloses) {
  WriteBackOptions options = back();
  options.close_wait = 0ms;
  {
    Options all;
    all.clock = &clock_;
    all.store = {.backing = store_, .writes = StoreOptions::Writes::kBack, .write_back = options};
    Cache cache(all);
    cache.set("a", "1");
    cache.set("b", "2");
    store_->fail_writes_of("a", {Fault::kRetry});
  }
  EXPECT_EQ(store_->row("b"), "2");
  ASSERT_EQ(letters_->size(), 1u);
  EXPECT_EQ(letters_->front().key, "a");
}

TEST_F(WriteBack, W13IsSeen) {
  Cache& cache = with(back());
  cache.set("a", "1");
  cache.set("a", "2");
  cache.set("b", std::string(5'000, 'x'));
  pass(20ms);
  Stats stats = cache.stats();
  EXPECT_EQ(stats.dirty_items, 2u);
  EXPECT_GT(stats.bytes_dirty, 5'000u);
  EXPECT_LT(stats.bytes_dirty, 7'000u);
  EXPECT_EQ(stats.dirty_oldest_ms, 20u);
  EXPECT_EQ(stats.writes_coalesced, 1u);
  cache.flush(0ms);
  stats = cache.stats();
  EXPECT_EQ(stats.write_batches, 1u);
  EXPECT_EQ(stats.store_writes, 2u);
  EXPECT_EQ(stats.store_write_latency.count, 1u);
  EXPECT_EQ(stats.dirty_oldest_ms, 0u);
}

TEST_F(WriteBack, W16CallbacksRunUnderNoLock) {
  WriteBackOptions options = back();
  Cache* cache = nullptr;
  options.dead_letters = [&](const DeadLetter& letter) {
    EXPECT_TRUE(cache->get(letter.mutation.key));
    EXPECT_TRUE(cache->set("other", "x").ok());
    EXPECT_GT(cache->stats().dirty_items, 0u);
  };
  cache = &with(options);
  store_->before_write = [&](std::span<const Mutation> batch) {
    for (const Mutation& one : batch) EXPECT_TRUE(cache->exists(one.key).ok());
  };
  cache->set("k", "v");
  store_->fail_writes_of("k", {Fault::kNever});
  settle(*cache);
  EXPECT_EQ(store_->row("other"), "x");
}

TEST_F(WriteBack, TheStoreMayTickAndCloseTheCache) {
  Cache& cache = with(back());
  store_->before_write = [&](std::span<const Mutation>) {
    EXPECT_EQ(cache.tick().written, 0u);
    EXPECT_FALSE(cache.close(1s).complete());
  };
  for (int i = 0; i < 300; ++i) cache.set("k" + std::to_string(i), "1");
  cache.flush(0ms);
  store_->before_write = nullptr;
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_EQ(store_->rows().size(), 300u);
}

TEST_F(WriteBack, LargeValuesAreSharedWithTheCache) {
  Cache& cache = with(back());
  const std::string value(1 << 20, 'x');
  ASSERT_TRUE(cache.set("k", value).ok());
  EXPECT_LT(cache.stats().bytes_used, 2u << 20);
  ASSERT_TRUE(cache.clear().ok());
  EXPECT_TRUE(*cache.expire("k", 1h));
  ASSERT_TRUE(cache.rename("k", "l").ok());
  EXPECT_EQ(*cache.get("l"), value);
  EXPECT_FALSE(cache.get("k"));
  settle(cache);
  EXPECT_EQ(store_->row("l"), value);
  EXPECT_EQ(store_->row("k"), "(none)");
}

// The cache has no room for it, and the buffer has. It is charged as long as it is there, and no longer.
TEST_F(WriteBack, AValueThatFindsNoPlaceIsFreedWhenItIsWritten) {
  Options all;
  all.max_memory = 0;
  all.max_entries = 1;
  all.shards = 1;
  all.eviction = Eviction::none();
  Cache& cache = with(back(), all);
  ASSERT_TRUE(cache.set("resident", "1").ok());
  ASSERT_TRUE(cache.del("resident").ok());
  settle(cache);
  const std::uint64_t before = cache.stats().bytes_data;
  store_->before_write = [&](auto) { (void)cache.get("other"); };
  store_->put("other", {.bytes = "takes the place"});
  for (int i = 0; i < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    (void)cache.set(key, std::string(50'000, 'x'));
    settle(cache);
    (void)cache.clear();
  }
  EXPECT_LT(cache.stats().bytes_data, before + 40'000);
}

TEST_F(WriteBack, ADeadSinkIsRefused) {
  Options all;
  all.store = {.backing = store_, .writes = StoreOptions::Writes::kBack};
  EXPECT_EQ(all.validate().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(all.validate().message().find("dead_letters"), std::string_view::npos);
}

// Ten minutes without a store, at ten times what it can take: the buffer keeps its bounds, and all that was
// acknowledged arrives.
TEST(WriteBackOutage, W8StaysInItsBounds) {
  ManualClock clock;
  auto store = std::make_shared<support::ScriptedStore>();
  bool down = false;
  store->before_write = [&](auto) {
    if (down) throw std::runtime_error("down");
  };
  Options options;
  options.clock = &clock;
  options.max_memory = 16_MiB;
  options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
  WriteBackOptions& back = options.store.write_back;
  const auto writes_each_second = static_cast<int>(support::count(1'000, 1'000));
  back.threads = 0;
  back.rate_max = static_cast<std::uint64_t>(writes_each_second / 10);
  back.when_full = WriteBackOptions::WhenFull::kRefuse;
  back.close_wait = Milliseconds(0);
  std::uint64_t letters = 0;
  back.dead_letters = [&](const DeadLetter&) { ++letters; };
  Cache cache(options);
  std::map<std::string, std::string> acknowledged;
  std::uint64_t refused = 0;
  std::uint64_t most_bytes = 0;
  for (int second = 0; second < 630; ++second) {
    down = second >= 10 && second < 610;
    for (int i = 0; i < writes_each_second; ++i) {
      const std::string key = "k" + std::to_string(second * writes_each_second + i);
      const bool stored = cache.set(key, key).ok();
      if (stored) acknowledged[key] = key;
      refused += !stored;
    }
    most_bytes = std::max(most_bytes, cache.stats().bytes_dirty);
    ASSERT_LE(cache.stats().bytes_dirty, 2_MiB);
    ASSERT_LE(cache.stats().bytes_used, 16_MiB);
    clock.advance(std::chrono::seconds(1));
    cache.tick();
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(most_bytes, 1_MiB);
  for (int second = 0; second < 600'000 / writes_each_second && cache.stats().dirty_items != 0; ++second) {
    clock.advance(std::chrono::seconds(1));
    cache.tick();
  }
  EXPECT_EQ(cache.stats().dirty_items, 0u);
  EXPECT_EQ(letters, 0u);
  const auto rows = store->rows();
  EXPECT_EQ(rows.size(), acknowledged.size());
  for (const auto& [key, value] : acknowledged) ASSERT_EQ(rows.count(key), 1u);
}

}  // namespace
}  // namespace larder::store
