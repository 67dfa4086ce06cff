// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/sqlite_store.h"

#include <sqlite3.h>

#include <fstream>

#include "servers/server_process.h"
#include "stores/every_table.h"

namespace larder::stores {
namespace {

class SqliteStoreTest : public StoreTest<SqliteStore, SqliteStoreOptions> {
 protected:
  SqliteStoreTest() : folder_("sqlite") {}
  ~SqliteStoreTest() override { sqlite3_close(other_); }

  std::string path() const { return folder_.path() + "/test.db"; }
  SqliteStoreOptions options() const override { return {.path = path()}; }
  SqliteStoreOptions elsewhere() const override {
    return {
        .path = path(), .table = "Order", .synchronous = SqliteStoreOptions::Synchronous::kNormal, .readers_max = 1};
  }
  std::string count_elsewhere() override { return sql("SELECT count(*) FROM \"Order\""); }
  std::string sql(const std::string& text) {
    if (other_ == nullptr) {
      EXPECT_EQ(sqlite3_open(path().c_str(), &other_), SQLITE_OK);
    }
    std::string field;
    const auto take = [](void* to, int, char** columns, char**) {
      if (columns[0] != nullptr) *static_cast<std::string*>(to) = columns[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(other_, text.c_str(), take, &field, nullptr), SQLITE_OK) << sqlite3_errmsg(other_);
    return field;
  }
  std::string bytes(const std::string& text) const { return "CAST('" + text + "' AS BLOB)"; }
  void refuse(const std::string& text, const std::string& how = "ABORT") {
    sql("CREATE TRIGGER t BEFORE INSERT ON larder WHEN NEW.bytes = " + bytes(text) + " BEGIN SELECT RAISE(" + how +
        ", 'no'); END");
  }

  servers::TemporaryFolder folder_;
  sqlite3* other_ = nullptr;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, EveryStore, SqliteStoreTest);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, EveryTable, SqliteStoreTest);

TEST(SqliteStoreOptionsTest, AllThatMakeNoSenseAreNamedAtOnce) {
  const Status status =
      SqliteStore::open(
          {.path = ":memory:", .table = "a b", .busy_timeout = -1ms, .readers_max = 0, .value_bytes_max = 0})
          .status();
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "options: path is empty or :memory:, and connections share a file; "
            "table is not of letters, digits and underscores, at most 48, with no digit first; "
            "busy_timeout is not from 0 ms to 24 days; "
            "readers_max is 0; "
            "value_bytes_max is 0");
}

TEST_F(SqliteStoreTest, NoLargerValuesAreAskedForThanSqliteTakes) {
  open([](auto& options) { options.value_bytes_max = 1'000'000'000; });
  const Status status = why_not([](auto& options) { options.value_bytes_max = 1'000'000'001; });
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "options: value_bytes_max is more than SQLite takes, 1,000,000,000 bytes");
}

TEST_F(SqliteStoreTest, AFileThatCannotBeUsedIsSaidAtOpen) {
  const Status nowhere = why_not([&](auto& options) { options.path = folder_.path() + "/absent/test.db"; });
  EXPECT_EQ(nowhere.code(), ErrorCode::kStoreFailed);
  EXPECT_NE(nowhere.message().find("read and write"), std::string::npos) << nowhere.to_string();
  const std::string text = folder_.path() + "/text";
  std::ofstream(text) << std::string(10'000, 'x');
  EXPECT_EQ(why_not([&](auto& options) { options.path = text; }).code(), ErrorCode::kStoreFailed);
}

TEST_F(SqliteStoreTest, AnErrorThatEndsTheTransactionLeavesNothingOfIt) {
  const auto store = open();
  refuse("bad", "ROLLBACK");
  EXPECT_EQ(outcomes(write(*store, {put("a", "1"), put("b", "bad"), put("c", "3")})), "retry never retry");
  EXPECT_EQ(read(*store, "a") + read(*store, "c"), "(none)(none)");
  EXPECT_EQ(write_one(*store, put("a", "1")).outcome, Outcome::kDone);
}

TEST_F(SqliteStoreTest, AnotherWriterIsWaitedForAndThenItIsToBeRetried) {
  const auto store = open([](auto& options) { options.busy_timeout = 50ms; });
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

}  // namespace
}  // namespace larder::stores
