// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/postgres_store.h"

#include <libpq-fe.h>

#include "servers/postgres_server.h"
#include "stores/every_server.h"
#include "stores/every_table.h"

namespace larder::stores {
namespace {

using servers::PostgresServer;

class PostgresStoreTest : public ServerTest<PostgresStore, PostgresStoreOptions, PostgresServer> {
 protected:
  ~PostgresStoreTest() override { PQfinish(other_); }

  PostgresStoreOptions options() const override { return {.conninfo = server_.conninfo()}; }
  PostgresStoreOptions elsewhere() const override {
    return {.conninfo = with("options='-c default_transaction_isolation=serializable'"),
            .table = "Order",
            .connections_max = 1};
  }
  std::string count_elsewhere() override { return sql("SELECT count(*) FROM \"Order\""); }
  PostgresStoreOptions hasty() const override { return {.conninfo = server_.conninfo(), .statement_timeout = 100ms}; }
  std::string with(const std::string& setting) const { return server_.conninfo() + " " + setting; }
  std::string sql(const std::string& text) {
    if (other_ == nullptr) other_ = PQconnectdb(with("options='-c client_min_messages=error'").c_str());
    PGresult* result = PQexec(other_, text.c_str());
    const std::string message = PQresultErrorMessage(result);
    EXPECT_EQ(message, "");
    std::string field = PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    return field;
  }
  std::string bytes(const std::string& text) const { return "'" + text + "'::bytea"; }
  void refuse(const std::string& text) { sql("ALTER TABLE larder ADD CHECK (bytes <> " + bytes(text) + ")"); }

  void end_connections() override {
    sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'larder'");
  }
  void halt() override {
    halted_ = sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'larder'");
    ASSERT_NE(halted_, "");
    ASSERT_EQ(kill(std::stoi(halted_), SIGSTOP), 0);
  }
  void go_on() override { ASSERT_EQ(kill(std::stoi(halted_), SIGCONT), 0); }
  std::string theirs(const std::string& key) override {
    EXPECT_EQ(sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = " + halted_), "0");
    return sql("SELECT convert_from(bytes, 'UTF8') FROM larder WHERE key = " + bytes(key));
  }

  PGconn* other_ = nullptr;
  std::string halted_;  // the session that stands still
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EveryStore, PostgresStoreTest);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EveryTable, PostgresStoreTest);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EveryServer, PostgresStoreTest);

TEST(PostgresStoreOptionsTest, AllThatMakeNoSenseAreNamedAtOnce) {
  const Status status = PostgresStore::open({.table = "a b",
                                             .connections_max = 0,
                                             .connect_timeout = 0ms,
                                             .statement_timeout = 0ms,
                                             .value_bytes_max = 1_GiB})
                            .status();
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "options: table is not of letters, digits and underscores, at most 48, with no digit first; "
            "connections_max is 0; "
            "connect_timeout is not from 1 ms to 24 days; "
            "statement_timeout is not from 1 ms to 24 days; "
            "value_bytes_max is above 1023 MiB");
}

TEST_F(PostgresStoreTest, ServersThatCannotBeUsedAreSaidAtOpen) {
  for (const std::string setting : {"host=/absent", "nonsense=1", "user=nobody_of_that_name"}) {
    const Status status = why_not([&](auto& options) { options.conninfo = with(setting); });
    EXPECT_EQ(status.code(), ErrorCode::kStoreFailed) << setting;
  }
}

TEST_F(PostgresStoreTest, AUserWithoutTheRightToMakeTablesUsesOne) {
  open();
  sql("CREATE USER guest; GRANT SELECT, INSERT, UPDATE, DELETE ON larder TO guest; GRANT USAGE ON larder_version TO "
      "guest");
  const auto as_guest = [&](PostgresStoreOptions& options) { options.conninfo = with("user=guest"); };
  EXPECT_EQ(write_one(*open(as_guest), put("k", "v")).outcome, Outcome::kDone);
  const Status status = why_not([&](auto& options) {
    as_guest(options);
    options.table = "theirs";
  });
  EXPECT_NE(status.message().find("denied"), std::string_view::npos) << status.to_string();
}

TEST_F(PostgresStoreTest, AConstraintThatIsLookedAtInTheCommitCounts) {
  const auto store = open();
  sql("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE ON larder DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "WHEN (NEW.bytes = 'bad') EXECUTE FUNCTION no()");
  const WriteResult bad = write_one(*store, put("a", "bad"));
  EXPECT_EQ(bad.outcome, Outcome::kNever);
  EXPECT_NE(bad.error.message().find("(SQLSTATE P0001)"), std::string_view::npos) << bad.error.to_string();
  const auto results = write(*store, {put("a", "1"), put("b", "bad"), put("c", "3")});
  EXPECT_EQ(outcomes(results), "done never done");
  Mutation a = put("a", "bad", 9), b = put("x", "new", 9);
  a.expected_version = results[0].version;
  EXPECT_EQ(outcomes(write(*store, {a, b})), "never never");
  EXPECT_EQ(read(*store, "a") + read(*store, "x"), "1(none)");
}

TEST_F(PostgresStoreTest, WhatIsNotTheMutationsFaultIsToBeRetried) {
  open();
  const auto reader =
      open([&](auto& options) { options.conninfo = with("options='-c default_transaction_read_only=on'"); });
  const WriteResult refused = write_one(*reader, put("k", "v"));
  EXPECT_EQ(refused.outcome, Outcome::kRetry) << refused.error.to_string();
  const auto store = open(hasty());
  write_one(*store, put("k", "old"));
  sql("BEGIN; SELECT * FROM larder WHERE key = 'k' FOR UPDATE");
  const WriteResult locked = write_one(*store, put("k", "new"));
  EXPECT_EQ(locked.outcome, Outcome::kRetry) << "the server has said that it gave up";
  EXPECT_EQ(read(*store, "k"), "old");
  sql("COMMIT");
  EXPECT_EQ(read(*store, "k"), "old");
}

// What counts is what there is when the lock of the row is free.
TEST_F(PostgresStoreTest, WhatExpectsAVersionWaitsForTheTransactionOfAnother) {
  const auto store = open();
  const auto meanwhile = [&](const Mutation& one, const std::string& theirs) {
    write_one(*store, put("k", "old"));
    Mutation guarded = one;
    guarded.expected_version = store->load("k")->version;
    sql("BEGIN; " + theirs + " WHERE key = 'k'");
    WriteResult result;
    std::thread writer([&] { result = write_one(*store, guarded); });
    EXPECT_TRUE(support::wait_until([&] { return sql("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"; }));
    sql("COMMIT");
    writer.join();
    return result;
  };
  EXPECT_EQ(meanwhile(erase("k", 0), "DELETE FROM larder").outcome, Outcome::kDone);
  EXPECT_EQ(meanwhile(put("k", "new"), "DELETE FROM larder").error.code(), ErrorCode::kConflict);
  EXPECT_EQ(read(*store, "k"), "(none)");
  for (const Mutation& one : {erase("k", 0), put("k", "new")}) {
    EXPECT_EQ(meanwhile(one, "UPDATE larder SET bytes = 'theirs'").error.code(), ErrorCode::kConflict);
    EXPECT_EQ(read(*store, "k"), "theirs");
  }
}

}  // namespace
}  // namespace larder::stores
