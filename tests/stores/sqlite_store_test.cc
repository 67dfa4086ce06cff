// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/sqlite_store.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "servers/server_process.h"
#include "stores/checked_caches.h"
#include "stores/trying.h"

namespace larder::stores {
namespace {

using namespace std::chrono_literals;

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() : folder_("sqlite") {}
  ~SqliteStoreTest() override { sqlite3_close(other_); }

  std::string path() const { return folder_.path() + "/test.db"; }
  std::shared_ptr<SqliteStore> open(SqliteStoreOptions options = {}) {
    if (options.path.empty()) options.path = path();
    auto store = SqliteStore::open(options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *store : nullptr;
  }
  Status why_not(const SqliteStoreOptions& options) { return SqliteStore::open(options).status(); }
  // Somebody else's SQL; the first number that comes out of it.
  std::int64_t sql(const std::string& text) {
    if (other_ == nullptr) {
      EXPECT_EQ(sqlite3_open(path().c_str(), &other_), SQLITE_OK);
    }
    std::int64_t number = -1;
    const auto take = [](void* to, int, char** columns, char**) {
      if (columns[0] != nullptr) *static_cast<std::int64_t*>(to) = std::atoll(columns[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(other_, text.c_str(), take, &number, nullptr), SQLITE_OK) << sqlite3_errmsg(other_);
    return number;
  }

  servers::TemporaryFolder folder_;
  sqlite3* other_ = nullptr;
};

TEST_F(SqliteStoreTest, Conforms) {
  expect_conforms({.open = [&] { return open(); }});
  expect_conforms(
      {.open = [&] { return open({.synchronous = SqliteStoreOptions::Synchronous::kNormal, .readers_max = 1}); },
       .key_prefix = ""});
}

TEST_F(SqliteStoreTest, ServesACache) { expect_serves_a_cache(open()); }

TEST_F(SqliteStoreTest, ServesCachesThatCheckVersions) {
  expect_serves_checked_caches([&] { return open(); });
}

TEST_F(SqliteStoreTest, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(why_not({}).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(why_not({.path = ":memory:"}).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(why_not({.path = path(), .readers_max = 0}).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(why_not({.path = path(), .busy_timeout = -1ms}).code(), ErrorCode::kInvalidArgument);
  for (const std::string table : {"", "1a", "a b", "a\"; DROP TABLE larder; --", "a\xc3\xa9", "a.b"}) {
    EXPECT_EQ(why_not({.path = path(), .table = table}).code(), ErrorCode::kInvalidArgument) << table;
  }
  EXPECT_EQ(why_not({.path = path(), .table = std::string(49, 'a')}).code(), ErrorCode::kInvalidArgument);
}

TEST_F(SqliteStoreTest, AFileThatCannotBeUsedIsSaidAtOpen) {
  const Status nowhere = why_not({.path = folder_.path() + "/absent/test.db"});
  EXPECT_EQ(nowhere.code(), ErrorCode::kStoreFailed);
  EXPECT_NE(nowhere.message().find("read and write"), std::string::npos) << nowhere.to_string();
  std::ofstream(folder_.path() + "/text") << std::string(10'000, 'x');
  EXPECT_EQ(why_not({.path = folder_.path() + "/text"}).code(), ErrorCode::kStoreFailed);
  sql("CREATE TABLE larder (key BLOB)");
  EXPECT_EQ(why_not({.path = path()}).code(), ErrorCode::kStoreFailed);
}

TEST_F(SqliteStoreTest, TablesLieBesideEachOther) {
  const auto one = open({.table = "order"}), two = open({.table = "TABLE_2"});
  write_one(*one, put("k", "1"));
  write_one(*two, put("k", "2"));
  EXPECT_EQ(read(*one, "k") + read(*two, "k"), "12");
}

TEST_F(SqliteStoreTest, ARowThatIsRefusedFailsAlone) {
  const auto store = open();
  sql("CREATE TRIGGER t BEFORE INSERT ON larder WHEN NEW.bytes = CAST('bad' AS BLOB) BEGIN "
      "SELECT RAISE(ABORT, 'no'); END");
  const auto results =
      write(*store, {put("a", "1"), put("b", "bad"), put("c", "3"), put("d", "4", 7), put("e", "bad", 7)});
  EXPECT_EQ(results[0].outcome, Outcome::kDone);
  EXPECT_EQ(results[1].outcome, Outcome::kNever);
  EXPECT_EQ(results[2].outcome, Outcome::kDone);
  EXPECT_EQ(results[3].outcome, Outcome::kNever);
  EXPECT_EQ(results[4].outcome, Outcome::kNever);
  EXPECT_EQ(read(*store, "a") + read(*store, "b") + read(*store, "c") + read(*store, "d"), "1(none)3(none)");
  EXPECT_EQ(write_one(*store, put("b", "bad")).outcome, Outcome::kNever);
  EXPECT_EQ(write_one(*store, put("b", "good")).outcome, Outcome::kDone);
}

TEST_F(SqliteStoreTest, AnErrorThatEndsTheTransactionLeavesNothingOfIt) {
  const auto store = open();
  sql("CREATE TRIGGER t BEFORE INSERT ON larder WHEN NEW.bytes = CAST('bad' AS BLOB) BEGIN "
      "SELECT RAISE(ROLLBACK, 'no'); END");
  const auto results = write(*store, {put("a", "1"), put("b", "bad"), put("c", "3")});
  EXPECT_EQ(results[0].outcome, Outcome::kRetry);
  EXPECT_EQ(results[1].outcome, Outcome::kNever);
  EXPECT_EQ(results[2].outcome, Outcome::kRetry);
  EXPECT_EQ(read(*store, "a") + read(*store, "c"), "(none)(none)");
  EXPECT_EQ(write_one(*store, put("a", "1")).outcome, Outcome::kDone);
}

TEST_F(SqliteStoreTest, AnotherWriterIsWaitedForAndThenItIsToBeRetried) {
  const auto store = open({.busy_timeout = 50ms});
  write_one(*store, put("k", "old"));
  sql("BEGIN IMMEDIATE");
  for (const auto& result : write(*store, {put("k", "new"), put("l", "new")})) {
    EXPECT_EQ(result.outcome, Outcome::kRetry);
    EXPECT_NE(result.error.message().find("busy_timeout"), std::string::npos) << result.error.to_string();
  }
  EXPECT_FALSE(store->remove_expired(UnixTime(0ms), 1).ok());
  EXPECT_EQ(read(*store, "k"), "old");
  sql("COMMIT");
  EXPECT_EQ(write_one(*store, put("k", "new")).outcome, Outcome::kDone);
}

TEST_F(SqliteStoreTest, ValuesAboveTheLimitAreNeverWritten) {
  const auto store = open({.value_bytes_max = 10});
  EXPECT_EQ(write_one(*store, put("k", std::string(10, 'x'))).outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, put("k", std::string(11, 'y'))).outcome, Outcome::kNever);
  const auto results = write(*store, {put("a", "1", 3), put("b", std::string(11, 'y'), 3), put("c", "3")});
  EXPECT_EQ(results[0].outcome, Outcome::kNever);
  EXPECT_EQ(results[2].outcome, Outcome::kDone);
  EXPECT_EQ(read(*store, "a"), "(none)");
  Mutation list = put("k", "x");
  list.type = ValueType::kNone;
  EXPECT_EQ(write_one(*store, list).outcome, Outcome::kNever);
}

TEST_F(SqliteStoreTest, WhatOthersChangeGetsAnotherVersion) {
  const auto store = open();
  sql("INSERT INTO larder (key, bytes) VALUES (CAST('a' AS BLOB), CAST('1' AS BLOB)), (x'62', x'31')");
  const std::uint64_t a = store->load("a")->version, b = store->load("b")->version;
  sql("UPDATE larder SET bytes = CAST('2' AS BLOB)");
  EXPECT_EQ(read(*store, "a") + read(*store, "b"), "22");
  EXPECT_NE(store->load("a")->version, a);
  EXPECT_NE(store->load("b")->version, b);
  EXPECT_NE(store->load("a")->version, store->load("b")->version);
  EXPECT_EQ(sql("SELECT count(*) FROM larder"), 2);
  Mutation late = put("a", "x");
  late.expected_version = a;
  EXPECT_EQ(write_one(*store, late).error.code(), ErrorCode::kConflict);
}

// Sent again, in a later transaction, and by somebody else that counts its sequences alike.
TEST_F(SqliteStoreTest, AWriteIsKnownAgainUntilAnotherChangesTheRow) {
  const auto store = open(), other = open();
  Mutation one = put("k", "1");
  one.expected_version = 0;
  const WriteResult first = write_one(*store, one);
  EXPECT_EQ(first.outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, one).version, first.version);
  EXPECT_EQ(write_one(*other, one).version, first.version) << "through another store object, too";
  for (const char* change : {"bytes = bytes", "version = version + 1000", "version = 5000, expires_at = NULL"}) {
    sql(std::string("UPDATE larder SET ") + change);
    EXPECT_EQ(write_one(*store, one).error.code(), ErrorCode::kConflict) << change;
    one.expected_version = store->load("k")->version;
    EXPECT_NE(*one.expected_version, first.version);
    one.sequence = next_sequence();
    EXPECT_EQ(write_one(*store, one).outcome, Outcome::kDone) << change;
    EXPECT_EQ(write_one(*store, one).outcome, Outcome::kDone) << change;
  }
  sql("DELETE FROM larder");
  EXPECT_EQ(write_one(*store, one).error.code(), ErrorCode::kConflict);
}

// It has ended, but it is still what this write has made.
TEST_F(SqliteStoreTest, AWriteIsKnownAgainAfterItsEnd) {
  const auto store = open();
  Mutation one = put("k", "1");
  one.expires_at = UnixTime(1ms);
  one.expected_version = 0;
  const WriteResult first = write_one(*store, one);
  EXPECT_EQ(first.outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, one).version, first.version);
  one.sequence = next_sequence();
  EXPECT_GT(write_one(*store, one).version, first.version);
  Mutation gone = erase("k", first.version);
  EXPECT_EQ(write_one(*store, gone).outcome, Outcome::kDone) << "what has ended is not there";
  EXPECT_EQ(write_one(*store, gone).outcome, Outcome::kDone);
}

TEST_F(SqliteStoreTest, WhatHasEndedCountsAsNotThereAndCanBeRemoved) {
  ManualClock clock;
  const auto store = open({.clock = &clock});
  const UnixTime now{clock.unix_time()};
  for (int i = 0; i < 10; ++i) {
    const std::string key = std::to_string(i);
    Mutation one = put(key, "x");
    if (i < 8) one.expires_at = now + Milliseconds(i < 6 ? 0 : 1);
    write_one(*store, one);
  }
  Mutation fresh = put("6", "y");
  fresh.expected_version = 0;
  EXPECT_EQ(write_one(*store, fresh).error.code(), ErrorCode::kConflict);
  fresh.key = "5";
  EXPECT_EQ(write_one(*store, fresh).outcome, Outcome::kDone);
  EXPECT_EQ(*store->remove_expired(now, 3), 3u);
  EXPECT_EQ(*store->remove_expired(now, 3), 2u);
  EXPECT_EQ(*store->remove_expired(now, ~std::uint64_t{0}), 0u);
  EXPECT_EQ(*store->remove_expired(now + 1ms, 100), 2u);
  EXPECT_EQ(sql("SELECT count(*) FROM larder"), 3);
}

TEST_F(SqliteStoreTest, TwoStoresShareAFile) {
  const auto one = open(), two = open();
  std::vector<std::thread> threads;
  for (const auto& store : {one, two}) {
    for (const char* name : {"a", "b"}) {
      threads.emplace_back([store = store.get(), name] {
        for (int i = 0; i < 20; ++i) EXPECT_EQ(write_one(*store, put(name, std::to_string(i))).outcome, Outcome::kDone);
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read(*one, "a") + read(*two, "b"), "1919");
}

}  // namespace
}  // namespace larder::stores
