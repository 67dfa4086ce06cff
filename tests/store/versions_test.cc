// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS W14: writes only over what the cache has seen. Somebody else writes the store as well.
#include <gmock/gmock.h>

#include <map>

#include "store/store_fixture.h"

namespace larder::store {
namespace {

using Writes = StoreOptions::Writes;

// Keeps versions, and which write was its last. Another writer comes by `put` and `remove`.
class Shelf final : public BackingStore {
 public:
  StoreCapabilities capabilities() const override { return {.atomic_groups = false, .versions = true}; }
  Lookup<StoredValue> load(std::string_view key) override {
    const auto row = rows_.find(key);
    if (row == rows_.end()) return {};
    return StoredValue{row->second.type, row->second.bytes, {}, row->second.version};
  }
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    for (std::size_t i = 0; i < batch.size(); ++i) results[i] = write_one(batch[i]);
    if (std::exchange(answer_is_lost, false)) {
      for (WriteResult& result : results) result = WriteResult::unknown("the answer was lost");
    }
    return {};
  }
  void put(const std::string& key, const std::string& bytes, ValueType type = ValueType::kString) {
    rows_[key] = {bytes, ++version_, 0, type};
  }
  void remove(const std::string& key) { rows_.erase(key); }
  std::string row(std::string_view key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? "(none)" : found->second.bytes;
  }

  bool answer_is_lost = false;

 private:
  struct Row {
    std::string bytes;
    std::uint64_t version = 0;
    std::uint64_t sequence = 0;
    ValueType type = ValueType::kString;
  };
  WriteResult write_one(const Mutation& one) {
    const auto row = rows_.find(one.key);
    if (row != rows_.end() && row->second.sequence == one.sequence) return WriteResult::done(row->second.version);
    const std::uint64_t version = row == rows_.end() ? 0 : row->second.version;
    if (one.expected_version && *one.expected_version != version) {
      if (version == 0 && !one.is_put()) return WriteResult::done();
      return WriteResult::conflict("somebody else has written it");
    }
    if (!one.is_put()) {
      if (row != rows_.end()) rows_.erase(row);
      return WriteResult::done();
    }
    rows_[std::string(one.key)] = {std::string(one.bytes), ++version_, one.sequence, one.type};
    return WriteResult::done(version_);
  }

  std::map<std::string, Row, std::less<>> rows_;
  std::uint64_t version_ = 0;
};

class CheckedWrites : public support::CacheFixture {
 protected:
  Cache& over(Writes writes) {
    Options options;
    options.store = {.backing = shelf_, .writes = writes, .check_versions = true};
    options.store.write_back.threads = 0;
    options.store.write_back.close_wait = 0ms;
    options.store.write_back.dead_letters = [letters = letters_](const DeadLetter& letter) {
      letters->push_back(std::string(letter.mutation.key) + "=" + std::string(letter.mutation.bytes) + " " +
                         std::string(to_string(letter.error.code())));
    };
    return make(options);
  }
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
  std::shared_ptr<std::vector<std::string>> letters_ = std::make_shared<std::vector<std::string>>();
};

TEST_F(CheckedWrites, W14ThroughAChangeBySomebodyElseIsAConflict) {
  Cache& cache = over(Writes::kThrough);
  shelf_->put("n", "1");
  EXPECT_EQ(*cache.incr("n"), 2);
  EXPECT_EQ(*cache.incr("n"), 3) << "its own writes are no conflicts";
  shelf_->put("n", "10");
  EXPECT_EQ(cache.incr("n").status().code(), ErrorCode::kConflict);
  EXPECT_FALSE(cache.peek("n")) << "what the cache had is not what the store has";
  EXPECT_EQ(shelf_->row("n"), "10");
  EXPECT_EQ(*cache.incr("n"), 11);
  shelf_->remove("n");
  EXPECT_EQ(cache.incr("n").status().code(), ErrorCode::kConflict);
  EXPECT_EQ(*cache.incr("n"), 1);
  shelf_->put("n", "5");
  EXPECT_EQ(cache.set("n", "x").status().code(), ErrorCode::kConflict) << "an overwrite, too";
  EXPECT_TRUE(cache.set("n", "x").ok());
  shelf_->put("n", "6");
  EXPECT_EQ(cache.del("n").status().code(), ErrorCode::kConflict);
  EXPECT_TRUE(*cache.del("n"));
  EXPECT_EQ(shelf_->row("n"), "(none)");
}

TEST_F(CheckedWrites, W14ThroughWhatIsNotThereMustNotBeThere) {
  Cache& cache = over(Writes::kThrough);
  EXPECT_TRUE(*cache.set("k", "1", {.condition = SetOptions::If::kAbsent}));
  EXPECT_TRUE(*cache.del("k"));
  Options options;
  options.store = {.backing = shelf_, .negative_ttl = 60s, .check_versions = true};
  Cache& remembers = make(options);
  EXPECT_FALSE(remembers.get("k"));
  shelf_->put("k", "theirs");
  EXPECT_EQ(remembers.set("k", "mine").status().code(), ErrorCode::kConflict);
  EXPECT_EQ(*remembers.get("k"), "theirs");
}

TEST_F(CheckedWrites, W14ThroughSeveralKeys) {
  Cache& cache = over(Writes::kThrough);
  ASSERT_TRUE(cache.mset({{"a", "1"}, {"b", "1"}}).ok());
  ASSERT_TRUE(cache.mset({{"a", "2"}, {"b", "2"}}).ok());
  shelf_->put("b", "theirs");
  EXPECT_FALSE(cache.mset({{"a", "3"}, {"b", "3"}}).ok());
  EXPECT_EQ(*cache.get("b"), "theirs");
  EXPECT_TRUE(cache.rename("b", "a").ok());
  EXPECT_EQ(shelf_->row("a"), "theirs");
  EXPECT_EQ(shelf_->row("b"), "(none)");
}

TEST_F(CheckedWrites, W14BackAConflictIsADeadLetter) {
  Cache& cache = over(Writes::kBack);
  shelf_->put("n", "1");
  EXPECT_EQ(*cache.incr("n"), 2);
  EXPECT_EQ(*cache.incr("n"), 3);
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_EQ(*cache.incr("n"), 4);
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_EQ(shelf_->row("n"), "4");
  EXPECT_TRUE(letters_->empty());
  EXPECT_EQ(*cache.incr("n"), 5);
  shelf_->put("n", "100");
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_EQ(*letters_, std::vector<std::string>{"n=5 conflict"});
  EXPECT_EQ(*cache.get("n"), "100");
  EXPECT_EQ(*cache.incr("n"), 101);
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_EQ(shelf_->row("n"), "101");
}

TEST_F(CheckedWrites, W14BackAnAnswerThatWasLostIsNoConflict) {
  Cache& cache = over(Writes::kBack);
  EXPECT_TRUE(cache.set("k", "1").ok());
  shelf_->answer_is_lost = true;
  cache.flush(0ms);
  EXPECT_EQ(shelf_->row("k"), "1");
  EXPECT_TRUE(cache.set("k", "1 again").ok());
  advance(1min);
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(shelf_->row("k"), "1 again");
  EXPECT_TRUE(cache.set("k", "2").ok());
  EXPECT_TRUE(cache.flush(0ms).complete());
  EXPECT_EQ(shelf_->row("k"), "2");
  EXPECT_TRUE(letters_->empty());
}

TEST_F(CheckedWrites, W14BackWritesThatFollowEachOther) {
  Options options;
  options.store = {.backing = shelf_, .writes = Writes::kBack, .check_versions = true};
  WriteBackOptions& back = options.store.write_back;
  back.threads = 0;
  back.close_wait = 0ms;
  back.coalesce = false;
  back.dead_letters = [](const DeadLetter&) { ADD_FAILURE(); };
  Cache& cache = make(options);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(cache.incr("n").ok());
  EXPECT_TRUE(*cache.del("n"));
  EXPECT_TRUE(cache.incr("n").ok());
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(shelf_->row("n"), "1");
}

TEST_F(CheckedWrites, W14OfCollections) {
  for (const Writes writes : {Writes::kThrough, Writes::kBack}) {
    Cache& cache = over(writes);
    shelf_->put("set", "\1\1\1x", ValueType::kSet);
    EXPECT_TRUE(*cache.sadd("set", "y"));
    EXPECT_TRUE(cache.flush(0ms).complete());
    EXPECT_TRUE(*cache.sadd("set", "z"));
    EXPECT_TRUE(cache.flush(0ms).complete());
    EXPECT_EQ(shelf_->row("set"), "\1\3\1x\1y\1z");
    shelf_->put("set", "\1\1\1t", ValueType::kSet);
    if (writes == Writes::kThrough) {
      EXPECT_EQ(cache.sadd("set", "u").status().code(), ErrorCode::kConflict);
    } else {
      EXPECT_TRUE(*cache.sadd("set", "u"));
      EXPECT_TRUE(cache.flush(0ms).complete());
      EXPECT_EQ(letters_->size(), 1u);
    }
    EXPECT_THAT(*cache.smembers("set"), testing::ElementsAre("t"));
    EXPECT_TRUE(*cache.del("set"));
    EXPECT_TRUE(cache.flush(0ms).complete());
  }
}

TEST_F(CheckedWrites, AStoreWithoutVersionsIsRefused) {
  Options options;
  options.store = {.backing = std::make_shared<ScriptedStore>(), .check_versions = true};
  EXPECT_NE(options.validate().message().find("check_versions"), std::string_view::npos);
}

}  // namespace
}  // namespace larder::store
