// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What every store in a table of a database must do, which others may read and write, too. Beside what EveryStore asks
// of it, its fixture has
//
//     std::string sql(text);       // somebody else's; gives the first field that comes out of it
//     std::string bytes(text);     // as SQL writes them
//     void refuse(text);           // from now on, the table takes no such bytes
#pragma once

#include <gmock/gmock.h>

#include "stores/checked_caches.h"
#include "stores/every_store.h"

namespace larder::stores {

template <typename Fixture>
class EveryTable : public Fixture {};
TYPED_TEST_SUITE_P(EveryTable);

TYPED_TEST_P(EveryTable, ServesCachesThatCheckVersions) {
  expect_serves_checked_caches([&] { return this->open(); });
}

TYPED_TEST_P(EveryTable, ARowThatIsRefusedFailsAlone) {
  const auto store = this->open();
  this->refuse("bad");
  const auto results =
      write(*store, {put("a", "1"), put("b", "bad"), put("c", "3"), put("d", "4", 7), put("e", "bad", 7)});
  EXPECT_EQ(outcomes(results), "done never done never never");
  EXPECT_EQ(read(*store, "a") + read(*store, "b") + read(*store, "c") + read(*store, "d"), "1(none)3(none)");
  EXPECT_EQ(write_one(*store, put("b", "bad")).outcome, Outcome::kNever);
  EXPECT_EQ(write_one(*store, put("b", "good")).outcome, Outcome::kDone);
}

TYPED_TEST_P(EveryTable, WhatOthersChangeGetsAnotherVersion) {
  const auto store = this->open();
  for (const char* key : {"a", "b"}) {
    this->sql("INSERT INTO larder (key, bytes) VALUES (" + this->bytes(key) + ", " + this->bytes("1") + ")");
  }
  const std::uint64_t a = store->load("a")->version, b = store->load("b")->version;
  this->sql("UPDATE larder SET bytes = " + this->bytes("2"));
  EXPECT_EQ(read(*store, "a") + read(*store, "b"), "22");
  EXPECT_NE(store->load("a")->version, a);
  EXPECT_NE(store->load("b")->version, b);
  EXPECT_NE(store->load("a")->version, store->load("b")->version);
  EXPECT_EQ(this->sql("SELECT count(*) FROM larder"), "2");
  Mutation late = put("a", "x");
  late.expected_version = a;
  EXPECT_EQ(write_one(*store, late).error.code(), ErrorCode::kConflict);
}

// Sent again, in a later transaction, and by somebody else that counts its sequences alike.
TYPED_TEST_P(EveryTable, AWriteIsKnownAgainUntilAnotherChangesTheRow) {
  const auto store = this->open(), other = this->open();
  Mutation one = put("k", "1");
  one.expected_version = 0;
  const WriteResult first = write_one(*store, one);
  EXPECT_EQ(first.outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, one).version, first.version);
  EXPECT_EQ(write_one(*other, one).version, first.version) << "through another store object, too";
  for (const char* change : {"bytes = bytes", "version = version + 1000", "version = 5000, expires_at = NULL"}) {
    this->sql(std::string("UPDATE larder SET ") + change);
    EXPECT_EQ(write_one(*store, one).error.code(), ErrorCode::kConflict) << change;
    one.expected_version = store->load("k")->version;
    EXPECT_NE(*one.expected_version, first.version);
    one.sequence = next_sequence();
    EXPECT_EQ(write_one(*store, one).outcome, Outcome::kDone) << change;
    EXPECT_EQ(write_one(*store, one).outcome, Outcome::kDone) << change;
  }
  this->sql("DELETE FROM larder");
  EXPECT_EQ(write_one(*store, one).error.code(), ErrorCode::kConflict);
}

// It has ended, but it is still what this write has made.
TYPED_TEST_P(EveryTable, AWriteIsKnownAgainAfterItsEnd) {
  const auto store = this->open();
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

TYPED_TEST_P(EveryTable, WhatHasEndedCountsAsNotThereAndCanBeRemoved) {
  ManualClock clock;
  const auto store = this->open([&](auto& options) { options.clock = &clock; });
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
  EXPECT_EQ(this->sql("SELECT count(*) FROM larder"), "3");
}

TYPED_TEST_P(EveryTable, ATableThatIsNotAStoresIsRefused) {
  this->open();
  this->sql("CREATE TABLE copy AS SELECT * FROM larder");  // columns of that name, and nothing else
  this->sql("CREATE TABLE theirs (key text, bytes text, author text NOT NULL)");
  const auto why_not = [&](const char* table) {
    return std::string(this->why_not([&](auto& options) { options.table = table; }).message());
  };
  EXPECT_THAT(why_not("copy"), testing::HasSubstr("UNIQUE"));
  const std::string theirs = why_not("theirs");
  for (const char* part : {"\"theirs\" is not a store's", "no column version", "its column key is",
                           "its column author must be given a value", "name another table"}) {
    EXPECT_THAT(theirs, testing::HasSubstr(part));
  }
  // What others have added does no harm, as long as nobody must fill it.
  this->sql("ALTER TABLE larder ADD COLUMN note text");
  this->sql("ALTER TABLE larder ADD COLUMN state text NOT NULL DEFAULT 'new'");
  EXPECT_EQ(write_one(*this->open(), put("k", "v")).outcome, Outcome::kDone);
}

REGISTER_TYPED_TEST_SUITE_P(EveryTable, ServesCachesThatCheckVersions, ARowThatIsRefusedFailsAlone,
                            WhatOthersChangeGetsAnotherVersion, AWriteIsKnownAgainUntilAnotherChangesTheRow,
                            AWriteIsKnownAgainAfterItsEnd, WhatHasEndedCountsAsNotThereAndCanBeRemoved,
                            ATableThatIsNotAStoresIsRefused);

}  // namespace larder::stores
