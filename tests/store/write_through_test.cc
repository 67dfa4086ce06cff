// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS T1-T3.
#include "store/store_fixture.h"

namespace larder::store {
namespace {

class WriteThrough : public StoreFixture {
 protected:
  // What the cache alone holds.
  std::string resident(std::string_view key) {
    auto value = stored_.peek(key);
    return value ? *value : "(none)";
  }
};

TEST_F(WriteThrough, T1TheStoreHasItBeforeTheCache) {
  store_->before_write = [&](auto) { EXPECT_EQ(resident("k"), "(none)"); };
  EXPECT_TRUE(*stored_.set("k", "v"));
  EXPECT_EQ(store_->row("k"), "v");
  EXPECT_EQ(resident("k"), "v");
}

TEST_F(WriteThrough, T1ReadersSeeTheOldValueUntilTheStoreHasTheNewOne) {
  ASSERT_TRUE(*stored_.set("k", "old"));
  store_->after_write = [&](auto) { EXPECT_EQ(stored_.get("k").value(), "old"); };
  EXPECT_TRUE(*stored_.set("k", "new"));
  EXPECT_EQ(stored_.get("k").value(), "new");
}

TEST_F(WriteThrough, T1OnAnErrorTheCacheKeepsItsValueAndTheCallerGetsTheError) {
  ASSERT_TRUE(*stored_.set("k", "old"));
  for (const auto& [fault, code] :
       {std::pair(Fault::kRetry, ErrorCode::kStoreFailed), std::pair(Fault::kNever, ErrorCode::kStoreRefused)}) {
    store_->fail_writes({fault, fault, fault, fault});
    EXPECT_EQ(stored_.set("k", "new").status().code(), code);
    EXPECT_EQ(stored_.append("k", "er").status().code(), code);
    EXPECT_EQ(stored_.del("k").status().code(), code);
    EXPECT_EQ(stored_.expire("k", 1s).status().code(), code);
    EXPECT_EQ(resident("k"), "old");
    EXPECT_FALSE(stored_.ttl("k")->left);
    EXPECT_EQ(store_->row("k"), "old");
  }
  EXPECT_EQ(stored_.stats().store_writes_failed, 8u);
}

TEST_F(WriteThrough, T2WhereTheOutcomeIsNotKnownTheKeyIsForgotten) {
  for (const Fault fault : {Fault::kLost, Fault::kLate, Fault::kThrows, Fault::kWritesAndThrows, Fault::kFailsWhole}) {
    ASSERT_TRUE(*stored_.set("k", "old"));
    store_->fail_writes({fault});
    EXPECT_EQ(stored_.set("k", "new").status().code(), ErrorCode::kOutcomeUnknown);
    EXPECT_EQ(resident("k"), "(none)");
    EXPECT_EQ(stored_.get("k").value(), store_->row("k")) << "whichever it was";
  }
  EXPECT_EQ(stored_.stats().store_writes_unknown, 5u);
}

TEST_F(WriteThrough, EveryWriteReachesTheStoreWhole) {
  EXPECT_TRUE(*stored_.set("k", "10", {.ttl = 5s}));
  EXPECT_EQ(*stored_.incr("k"), 11);
  EXPECT_EQ(*stored_.append("k", "2"), 3u);
  EXPECT_EQ(*stored_.set_range("k", 1, "00"), 3u);
  const auto row = store_->rows()["k"];
  EXPECT_EQ(row.bytes, "100");
  EXPECT_EQ(row.expires_at, in(5s));
  EXPECT_TRUE(*stored_.persist("k"));
  EXPECT_FALSE(store_->rows()["k"].expires_at);
  EXPECT_TRUE(*stored_.expire("k", 0ms));
  EXPECT_EQ(store_->row("k"), "(none)");
  std::uint64_t before = 0;
  for (const support::Written& one : store_->written()) {
    EXPECT_GT(one.sequence, before);
    EXPECT_EQ(one.group, 0u);
    before = one.sequence;
  }
}

TEST_F(WriteThrough, WritesThatDependLoadFirst) {
  store_->put("n", {.bytes = "41"});
  store_->put("taken", {.bytes = "x"});
  store_->put("gone", {.bytes = "y"});
  EXPECT_EQ(*stored_.incr("n"), 42);
  EXPECT_FALSE(*stored_.set("taken", "z", {.condition = SetOptions::If::kAbsent}));
  EXPECT_EQ(stored_.get_set("taken", "w").value(), "x");
  EXPECT_EQ(stored_.get_del("gone").value(), "y");
  EXPECT_EQ(store_->row("gone"), "(none)");
  EXPECT_FALSE(*stored_.mset_nx({{"new", "1"}, {"taken", "2"}}));
  EXPECT_EQ(store_->row("new"), "(none)");
}

TEST_F(WriteThrough, APlainSetLoadsNothing) {
  store_->put("k", {.bytes = "old"});
  EXPECT_TRUE(*stored_.set("k", "new"));
  EXPECT_TRUE(stored_.mset({{"k", "newer"}, {"l", "1"}}).ok());
  EXPECT_TRUE(store_->loaded().empty());
}

TEST_F(WriteThrough, AFailedLoadFailsTheWriteAndChangesNothing) {
  store_->put("n", {.bytes = "41"});
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(stored_.incr("n").status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(*stored_.incr("n"), 42);
}

TEST_F(WriteThrough, WhatACommandRefusesIsNotWritten) {
  ASSERT_TRUE(*stored_.set("k", "text"));
  EXPECT_EQ(stored_.incr("k").status().code(), ErrorCode::kNotAnInteger);
  EXPECT_FALSE(*stored_.set("k", "x", {.condition = SetOptions::If::kAbsent}));
  EXPECT_EQ(store_->written().size(), 1u);
}

TEST_F(WriteThrough, SeveralKeysAreOneBatchOfOneGroup) {
  ASSERT_TRUE(stored_.mset({{"a", "1"}, {"b", "2"}}).ok());
  ASSERT_TRUE(stored_.rename("a", "c").ok());
  const auto written = store_->written();
  ASSERT_EQ(written.size(), 4u);
  EXPECT_NE(written[0].group, 0u);
  EXPECT_EQ(written[0].group, written[1].group);
  EXPECT_EQ(written[2].group, written[3].group);
  EXPECT_NE(written[0].group, written[2].group);
  EXPECT_EQ(store_->row("a"), "(none)");
  EXPECT_EQ(store_->row("c"), "1");
}

TEST_F(WriteThrough, APartOfABatchLeavesNothingInTheCache) {
  ASSERT_TRUE(stored_.mset({{"a", "1"}, {"b", "2"}}).ok());
  store_->fail_writes({Fault::kFirstOnly});
  EXPECT_EQ(stored_.mset({{"a", "8"}, {"b", "9"}}).code(), ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(resident("a"), "(none)");
  EXPECT_EQ(resident("b"), "(none)");
  EXPECT_EQ(stored_.get("a").value(), "8");
  EXPECT_EQ(stored_.get("b").value(), "2");
}

TEST_F(WriteThrough, AnInvalidationDuringTheWriteWins) {
  store_->after_write = [&](auto) {
    store_->put("k", {.bytes = "of another writer"});
    (void)stored_.invalidate("k");
  };
  EXPECT_TRUE(*stored_.set("k", "v"));
  EXPECT_EQ(resident("k"), "(none)");
  EXPECT_EQ(stored_.get("k").value(), "of another writer");
}

TEST_F(WriteThrough, AStoreThatWritesTheKeyItWritesGetsAnError) {
  store_->before_write = [&](std::span<const Mutation> batch) {
    if (batch[0].key != "k") return;
    EXPECT_EQ(stored_.set("k", "again").status().code(), ErrorCode::kReentrantLoad);
    EXPECT_TRUE(*stored_.set("other", "1"));
  };
  EXPECT_TRUE(*stored_.set("k", "v"));
  EXPECT_EQ(store_->row("k"), "v");
  EXPECT_EQ(store_->row("other"), "1");
}

TEST_F(WriteThrough, ListenersRunWhenTheKeyIsFreeAgain) {
  Options options = with_store();
  Cache* self = nullptr;
  std::vector<RemovalCause> causes;
  options.on_removal = [&](std::string_view key, std::string_view, RemovalCause cause) {
    causes.push_back(cause);
    if (key == "k" && causes.size() == 1) {
      EXPECT_TRUE(*self->set("k", "from the listener"));
    }
  };
  Cache& cache = make(options);
  self = &cache;
  ASSERT_TRUE(*cache.set("k", "a"));
  ASSERT_TRUE(*cache.set("k", "b"));
  EXPECT_EQ(cache.get("k").value(), "from the listener");
  EXPECT_EQ(store_->row("k"), "from the listener");
  EXPECT_EQ(causes, (std::vector{RemovalCause::kReplaced, RemovalCause::kReplaced}));
}

TEST_F(WriteThrough, VersionsWorkAsWithoutAStore) {
  store_->put("k", {.bytes = "1"});
  auto before = stored_.get_versioned("k");
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->value, "1");
  auto after = stored_.compare_and_set("k", before->version, "2");
  ASSERT_TRUE(after.ok()) << after.status().to_string();
  EXPECT_EQ(stored_.compare_and_set("k", before->version, "3").status().code(), ErrorCode::kConflict);
  EXPECT_EQ(store_->row("k"), "2");
  EXPECT_TRUE(stored_.compare_and_set("k", *after, "3").ok());
}

// What is written, or may have been, is a change for a version, also where the cache keeps nothing of it.
TEST_F(WriteThrough, VersionsChangeWithWhatIsNotKept) {
  const auto conflicts_after = [&](auto write) {
    const Version before = stored_.get_versioned("k")->version;
    write();
    EXPECT_EQ(stored_.compare_and_set("k", before, "mine").status().code(), ErrorCode::kConflict);
    store_->after_write = nullptr;
    EXPECT_TRUE(stored_.del("k").ok());
  };
  conflicts_after([&] {
    store_->fail_writes({Fault::kLate});
    EXPECT_FALSE(stored_.set("k", "theirs").ok());
  });
  conflicts_after([&] {
    store_->put("k", {.bytes = "theirs"});
    (void)stored_.invalidate("k");
  });
  conflicts_after([&] {
    store_->put("k", {.bytes = "theirs"});
    (void)stored_.clear();
  });
  conflicts_after([&] {
    store_->after_write = [&](auto) { (void)stored_.invalidate("k"); };
    EXPECT_TRUE(*stored_.set("k", "theirs"));
  });
}

TEST_F(WriteThrough, AVersionIsOfTheValueThatCameWithIt) {
  store_->put("k", {.bytes = "old"});
  ASSERT_TRUE(stored_.get_versioned("other").ok());  // versions are kept from now on
  bool once = true;
  store_->after_load = [&](std::string_view) {
    if (!std::exchange(once, false)) return;
    EXPECT_TRUE(*stored_.set("k", "new"));
    EXPECT_TRUE(*stored_.invalidate("k"));
  };
  EXPECT_EQ(stored_.get_versioned("k")->value, "new");
}

TEST_F(WriteThrough, ASourceStaysAsItWasWhileItIsCopied) {
  ASSERT_TRUE(stored_.mset({{"from", "old"}, {"to", "x"}}).ok());
  store_->before_write = [&](std::span<const Mutation> batch) {
    if (batch[0].key == "to") {
      EXPECT_EQ(stored_.set("from", "new").status().code(), ErrorCode::kReentrantLoad);
    }
  };
  EXPECT_TRUE(*stored_.copy("from", "to", true));
  EXPECT_TRUE(stored_.bit_op(BitOperation::kOr, "to", {"from"}).ok());
}

TEST_F(WriteThrough, AValueThatLeavesAsSoonAsItIsMovedIsFreedOnce) {
  const std::string large = support::binary(70'000);
  ASSERT_TRUE(*stored_.set("from", large));
  store_->after_write = [&](auto) { (void)stored_.invalidate("to"); };
  ASSERT_TRUE(stored_.rename("from", "to").ok());
  EXPECT_EQ(resident("to"), "(none)");
  EXPECT_EQ(stored_.get("to").value(), large);
  store_->after_write = nullptr;

  Options options;  // and without a store: the listener takes it away
  Cache* self = nullptr;
  options.on_removal = [&](std::string_view key, std::string_view, RemovalCause) {
    if (key == "from") {
      EXPECT_TRUE(*self->del("to"));
    }
  };
  Cache& cache = make(options);
  self = &cache;
  ASSERT_TRUE(*cache.set("from", large));
  ASSERT_TRUE(cache.rename("from", "to").ok());
  EXPECT_FALSE(*cache.exists("to"));
}

TEST_F(WriteThrough, LargeValuesAndTheirPartsReachTheStore) {
  const std::string large = support::binary(70'000);
  ASSERT_TRUE(*stored_.set("k", large));
  EXPECT_EQ(store_->row("k"), large);
  ASSERT_TRUE(stored_.append("k", "tail").ok());
  EXPECT_EQ(store_->row("k"), large + "tail");
  ASSERT_TRUE(stored_.set_bit("k", 800'000, true).ok());
  EXPECT_EQ(store_->row("k").size(), 100'001u);
  EXPECT_EQ(stored_.get("k").value(), store_->row("k"));
  ASSERT_TRUE(*stored_.expire("k", 1min));
  EXPECT_EQ(store_->row("k"), stored_.get("k").value());
  ASSERT_TRUE(stored_.bit_op(BitOperation::kNot, "not", {"k"}).ok());
  EXPECT_EQ(store_->row("not"), stored_.get("not").value());
  EXPECT_EQ(store_->row("not").size(), 100'001u);
}

TEST_F(WriteThrough, AFullCacheThatMayNotEvictStillReadsAndDeletes) {
  Options options = with_store();
  options.max_memory = 64_KiB;
  options.eviction = Eviction::none();
  Cache& cache = make(options);
  for (int i = 0; i < 1'000; ++i) store_->put("k" + std::to_string(i), {.bytes = std::string(100, 'x')});
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(cache.get("k" + std::to_string(i)).value(), std::string(100, 'x'));
  EXPECT_TRUE(*cache.del("k999"));
  EXPECT_EQ(store_->row("k999"), "(none)");
  EXPECT_TRUE(*cache.copy("k997", "copy"));
  EXPECT_EQ(store_->row("copy"), std::string(100, 'x'));
  EXPECT_TRUE(*cache.expire("k998", 1min));
  EXPECT_TRUE(store_->rows()["k998"].expires_at);
}

}  // namespace
}  // namespace larder::store
