// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/postgres_store.h"

#include <libpq-fe.h>

#include "servers/postgres_server.h"
#include "stores/checked_caches.h"
#include "stores/trying.h"

namespace larder::stores {
namespace {

using namespace std::chrono_literals;
using servers::PostgresServer;

class PostgresStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(server_.failure(), ""); }
  ~PostgresStoreTest() override { disconnect(); }

  void disconnect() {
    PQfinish(other_);
    other_ = nullptr;
  }
  PostgresStoreOptions options() const { return {.conninfo = server_.conninfo()}; }
  std::shared_ptr<PostgresStore> open(const PostgresStoreOptions& options) {
    auto store = PostgresStore::open(options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *store : nullptr;
  }
  std::shared_ptr<PostgresStore> open() { return open(options()); }
  // Somebody else's SQL; the first field that comes out of it.
  std::string sql(const std::string& text) {
    if (other_ == nullptr)
      other_ = PQconnectdb((server_.conninfo() + " options='-c client_min_messages=error'").c_str());
    PGresult* result = PQexec(other_, text.c_str());
    const std::string message = PQresultErrorMessage(result);
    EXPECT_EQ(message, "");
    std::string field = PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    return field;
  }

  PostgresServer server_;
  PGconn* other_ = nullptr;
};

TEST_F(PostgresStoreTest, Conforms) {
  expect_conforms({.open = [&] { return open(); },
                   .stop = [&] { server_.process().stop(SIGINT); },
                   .start = [&] { server_.start(); }});
  PostgresStoreOptions other = options();
  other.table = "Other";
  other.connections_max = 1;
  other.conninfo += " options='-c default_transaction_isolation=serializable'";
  expect_conforms({.open = [&] { return open(other); }, .key_prefix = ""});
  EXPECT_EQ(sql("SELECT count(*) FROM \"Other\""), "0");
}

TEST_F(PostgresStoreTest, ServesACache) { expect_serves_a_cache(open()); }

TEST_F(PostgresStoreTest, ServesCachesThatCheckVersions) {
  expect_serves_checked_caches([&] { return open(); });
}

TEST_F(PostgresStoreTest, OptionsAndServersThatCannotBeUsedAreSaidAtOpen) {
  const auto why_not = [](const PostgresStoreOptions& options) { return PostgresStore::open(options).status(); };
  PostgresStoreOptions wrong = options();
  wrong.table = "a\"; DROP TABLE larder; --";
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kInvalidArgument);
  wrong = options();
  wrong.connections_max = 0;
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kInvalidArgument);
  wrong = options();
  wrong.statement_timeout = 0ms;
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kInvalidArgument);
  wrong = options();
  wrong.conninfo = "host=" + server_.conninfo().substr(5, 3) + "/absent";
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kStoreFailed);
  wrong.conninfo = server_.conninfo() + " nonsense=1";
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kStoreFailed);
  wrong.conninfo = server_.conninfo() + " user=nobody_of_that_name";
  EXPECT_EQ(why_not(wrong).code(), ErrorCode::kStoreFailed);
  sql("CREATE TABLE other_columns (key bytea)");
  wrong = options();
  wrong.table = "other_columns";
  EXPECT_NE(why_not(wrong).message().find("cannot be used"), std::string_view::npos) << why_not(wrong).to_string();
}

TEST_F(PostgresStoreTest, AUserWithoutTheRightToMakeTablesUsesOne) {
  open();
  sql("CREATE USER guest; GRANT SELECT, INSERT, UPDATE, DELETE ON larder TO guest; GRANT USAGE ON larder_version TO "
      "guest");
  PostgresStoreOptions guest = options();
  guest.conninfo += " user=guest";
  EXPECT_EQ(write_one(*open(guest), put("k", "v")).outcome, Outcome::kDone);
  guest.table = "theirs";
  EXPECT_NE(PostgresStore::open(guest).status().message().find("denied"), std::string_view::npos);
}

TEST_F(PostgresStoreTest, ARowThatIsRefusedFailsAlone) {
  const auto store = open();
  sql("ALTER TABLE larder ADD CHECK (bytes <> 'bad')");
  const auto results =
      write(*store, {put("a", "1"), put("b", "bad"), put("c", "3"), put("d", "4", 7), put("e", "bad", 7)});
  EXPECT_EQ(results[0].outcome, Outcome::kDone);
  EXPECT_EQ(results[1].outcome, Outcome::kNever);
  EXPECT_NE(results[1].error.message().find("23514"), std::string_view::npos) << results[1].error.to_string();
  EXPECT_EQ(results[2].outcome, Outcome::kDone);
  EXPECT_EQ(results[3].outcome, Outcome::kNever);
  EXPECT_EQ(results[4].outcome, Outcome::kNever);
  EXPECT_EQ(read(*store, "a") + read(*store, "b") + read(*store, "c") + read(*store, "d"), "1(none)3(none)");
  EXPECT_EQ(write_one(*store, put("b", "good")).outcome, Outcome::kDone);
}

TEST_F(PostgresStoreTest, AConstraintThatIsLookedAtInTheCommitCounts) {
  const auto store = open();
  sql("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE ON larder DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "WHEN (NEW.bytes = 'bad') EXECUTE FUNCTION no()");
  EXPECT_EQ(write_one(*store, put("a", "bad")).outcome, Outcome::kNever);
  const auto results = write(*store, {put("a", "1"), put("b", "bad"), put("c", "3")});
  EXPECT_EQ(results[0].outcome, Outcome::kDone);
  EXPECT_EQ(results[1].outcome, Outcome::kNever);
  EXPECT_EQ(results[2].outcome, Outcome::kDone);
  Mutation a = put("a", "bad", 9), b = put("x", "new", 9);
  a.expected_version = results[0].version;
  for (const auto& result : write(*store, {a, b})) EXPECT_EQ(result.outcome, Outcome::kNever);
  EXPECT_EQ(read(*store, "a") + read(*store, "x"), "1(none)");
}

TEST_F(PostgresStoreTest, WhatIsNotTheMutationsFaultIsToBeRetried) {
  PostgresStoreOptions reader = options();
  open();
  reader.conninfo += " options='-c default_transaction_read_only=on'";
  const WriteResult refused = write_one(*open(reader), put("k", "v"));
  EXPECT_EQ(refused.outcome, Outcome::kRetry) << refused.error.to_string();
  PostgresStoreOptions hasty = options();
  hasty.statement_timeout = 100ms;
  const auto store = open(hasty);
  write_one(*store, put("k", "old"));
  sql("BEGIN; SELECT * FROM larder WHERE key = 'k' FOR UPDATE");
  const WriteResult locked = write_one(*store, put("k", "new"));
  EXPECT_EQ(locked.outcome, Outcome::kRetry) << "the server has said that it gave up";
  EXPECT_EQ(read(*store, "k"), "old");
  sql("COMMIT");
  EXPECT_EQ(read(*store, "k"), "old");
}

TEST_F(PostgresStoreTest, ValuesAboveTheLimitAreNeverWritten) {
  PostgresStoreOptions small = options();
  small.value_bytes_max = 10;
  const auto store = open(small);
  EXPECT_EQ(write_one(*store, put("k", std::string(10, 'x'))).outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, put("k", std::string(11, 'y'))).outcome, Outcome::kNever);
}

TEST_F(PostgresStoreTest, WhatOthersChangeGetsAnotherVersion) {
  const auto store = open();
  sql("INSERT INTO larder (key, bytes) VALUES ('a', '1'), ('b', '1')");
  const std::uint64_t a = store->load("a")->version, b = store->load("b")->version;
  sql("UPDATE larder SET bytes = '2'");
  EXPECT_EQ(read(*store, "a") + read(*store, "b"), "22");
  EXPECT_NE(store->load("a")->version, a);
  EXPECT_NE(store->load("b")->version, b);
  Mutation late = put("a", "x");
  late.expected_version = a;
  EXPECT_EQ(write_one(*store, late).error.code(), ErrorCode::kConflict);
}

// Sent again, in a later transaction, and by somebody else that counts its sequences alike.
TEST_F(PostgresStoreTest, AWriteIsKnownAgainUntilAnotherChangesTheRow) {
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
TEST_F(PostgresStoreTest, AWriteIsKnownAgainAfterItsEnd) {
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

TEST_F(PostgresStoreTest, WhatHasEndedCountsAsNotThereAndCanBeRemoved) {
  ManualClock clock;
  PostgresStoreOptions timed = options();
  timed.clock = &clock;
  const auto store = open(timed);
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
  EXPECT_EQ(sql("SELECT count(*) FROM larder"), "3");
}

TEST_F(PostgresStoreTest, AConnectionThatEndedWhileIdleIsReplaced) {
  const auto store = open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_one(*store, put("k", std::to_string(i))).outcome, Outcome::kDone);
    sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'larder'");
    EXPECT_EQ(read(*store, "k"), std::to_string(i));
    sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'larder'");
  }
}

// The session that has the write stands still, so that the write is given up; when it goes on, the write must not come
// after what followed it.
TEST_F(PostgresStoreTest, NothingIsReadOrWrittenBeforeAWriteInDoubtHasEnded) {
  PostgresStoreOptions hasty = options();
  hasty.statement_timeout = 100ms;
  const auto store = open(hasty);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_one(*store, put("k", "old")).outcome, Outcome::kDone);
    const std::string pid = sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'larder'");
    ASSERT_NE(pid, "");
    ASSERT_EQ(kill(std::stoi(pid), SIGSTOP), 0);
    EXPECT_EQ(write_one(*store, put("k", "in doubt")).outcome, Outcome::kUnknown);
    EXPECT_EQ(write_one(*store, put("k", "too early")).outcome, Outcome::kRetry);
    EXPECT_EQ(write_one(*store, put("other", "too early")).outcome, Outcome::kRetry);
    EXPECT_EQ(read(*store, "k"), "(failed)");
    ASSERT_EQ(kill(std::stoi(pid), SIGCONT), 0);
    ASSERT_TRUE(support::wait_until([&] { return write_one(*store, put("k", "later")).outcome == Outcome::kDone; }));
    EXPECT_EQ(sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = " + pid), "0");
    EXPECT_EQ(read(*store, "k"), "later");
  }
}

TEST_F(PostgresStoreTest, WhatIsAcknowledgedSurvivesKills) {
  const auto store = open();
  expect_survives_kills(
      *store, [&] { server_.process().stop(SIGKILL); }, [&] { server_.start(); });
}

}  // namespace
}  // namespace larder::stores
