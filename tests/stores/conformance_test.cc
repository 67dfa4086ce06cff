// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The suite finds nothing wrong with a store that is right, and finds each defect that is planted in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "larder/store_conformance.h"

namespace larder::stores {
namespace {

enum class Defect {
  kNone,
  kMissIsEmpty,
  kDropsAnErase,
  kLosesTheEnd,
  kLosesTheType,
  kKeepsTheEndOfBefore,
  kKeepsEndsToTheSecond,
  kCutsAtNul,
  kFoldsCase,
  kTrimsKeys,
  kWritesLate,           // with the next write
  kLagsForOtherThreads,  // a replica
  kAnswersInAnotherOrder,
  kMissesTwins,          // in load_many
  kWritesBehindTheLast,  // of a batch, the last mutation first
  kDropsTheLastOfABatch,
  kPutsOnce,
  kTearsBytesFromEnd,
  kLosesWritesOfOthers,
  kWritesGroupsInPart,
  kReusesVersions,
  kKeepsTheVersion,
  kIgnoresExpected,
  kConflictIsRetry,
  kConflictOfTheWrong,
  kNotChangedForEver,
  kForgets,
  kAwayIsAMiss,
  kAwayIsDone,
  kStaysAway,
  kThrows,
  kRefusesErasedTwice,
  kWritesBesideResults,
  kLongKeysCollide,
  kVersionInResultIsOld,
  kWhatHasEndedConflicts,
  kAgainIsAConflict,
  kAgainIsWrittenAgain,
  kAgainIsDoneForEver,
  kGroupAgainIsAConflict,
  kErasedConflicts,
  kWritesAtItsEnd,  // in its destructor
  kBreaksFarBehind,
};
constexpr int kDefects = static_cast<int>(Defect::kBreaksFarBehind) + 1;

struct Row : StoredValue {
  std::uint64_t sequence = 0;  // of the write that made it
};

struct Database {
  std::mutex mutex;
  std::map<std::string, Row, std::less<>> rows;
  std::set<std::uint64_t> sequences;  // of all writes
  std::uint64_t version = 0;
  std::size_t longest_key = 0;
  bool away = false;
};

class DefectiveStore final : public BackingStore {
 public:
  DefectiveStore(std::shared_ptr<Database> database, Defect defect)
      : database_(std::move(database)), defect_(defect), made_by_(std::this_thread::get_id()) {
    if (!is(Defect::kWritesAtItsEnd)) return;
    written_at_the_end_ = std::exchange(database_, std::make_shared<Database>());
    copy(*written_at_the_end_, *database_);
  }
  ~DefectiveStore() override {
    if (written_at_the_end_) copy(*database_, *written_at_the_end_);
  }

  StoreCapabilities capabilities() const override { return {.atomic_groups = true, .versions = true}; }

  Lookup<StoredValue> load(std::string_view key) override {
    const std::lock_guard lock(database_->mutex);
    if (database_->away || (stays_away_ && is(Defect::kStaysAway))) {
      stays_away_ = true;
      if (is(Defect::kAwayIsAMiss)) return {};
      return Status(ErrorCode::kStoreFailed, "away");
    }
    const auto& rows =
        is(Defect::kLagsForOtherThreads) && std::this_thread::get_id() != made_by_ ? before_ : database_->rows;
    const auto row = rows.find(name(key));
    if (row == rows.end() && is(Defect::kMissIsEmpty)) return StoredValue{};
    if (row == rows.end()) return {};
    StoredValue found = row->second;
    if (is(Defect::kTearsBytesFromEnd) && std::this_thread::get_id() != made_by_) found.expires_at.reset();
    return found;
  }

  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool twin = std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
                        keys.begin() + static_cast<std::ptrdiff_t>(i);
      if (twin && is(Defect::kMissesTwins)) continue;
      found[is(Defect::kAnswersInAnotherOrder) ? keys.size() - 1 - i : i] = load(keys[i]);
    }
  }

  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override {
    Lookup<StoredValue> found = load(key);
    if (found && is(Defect::kNotChangedForEver)) found->version = version;
    return found;
  }

  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    const std::lock_guard lock(database_->mutex);
    if (is(Defect::kThrows)) throw std::runtime_error("planted");
    if (is(Defect::kWritesBesideResults)) results.data()[results.size()].version = 1;  // the test has room there
    if (database_->away || (stays_away_ && is(Defect::kStaysAway))) {
      stays_away_ = true;
      if (is(Defect::kAwayIsDone)) return {};
      for (WriteResult& one : results) one = WriteResult::retry("away");
      return {};
    }
    before_ = database_->rows;
    if (is(Defect::kLosesWritesOfOthers) && std::this_thread::get_id() != made_by_) return {};
    late_.swap(now_);
    now_.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) decide(batch, results, i);
    if (is(Defect::kWritesLate)) {
      for (const auto& one : late_) one();
    }
    if (is(Defect::kWritesBehindTheLast)) std::rotate(results.begin(), results.end() - 1, results.end());
    return {};
  }

 private:
  bool is(Defect defect) const { return defect_ == defect; }

  static void copy(const Database& from, Database& to) {
    to.rows = from.rows;
    to.version = from.version;
  }

  std::string name(std::string_view key) const {
    std::string text(key);
    if (is(Defect::kFoldsCase))
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (is(Defect::kTrimsKeys)) text.erase(text.find_last_not_of(' ') + 1);
    if (is(Defect::kLongKeysCollide) && text.size() > 1'000) throw 160;  // no std::exception
    return text;
  }

  bool was_written(const Mutation& one) const {
    if (!one.expected_version || is(Defect::kAgainIsAConflict)) return false;
    if (one.group != 0 && is(Defect::kGroupAgainIsAConflict)) return false;
    if (is(Defect::kAgainIsDoneForEver)) return database_->sequences.contains(one.sequence);
    const auto row = database_->rows.find(name(one.key));
    return row != database_->rows.end() && row->second.sequence == one.sequence;
  }

  bool conflicts(const Mutation& one) const {
    if (!one.expected_version || is(Defect::kIgnoresExpected) || was_written(one)) return false;
    const auto row = database_->rows.find(name(one.key));
    const bool is_there =
        row != database_->rows.end() && (is(Defect::kWhatHasEndedConflicts) || !row->second.expires_at ||
                                         *row->second.expires_at > UnixTime(Clock::system().unix_time()));
    if (!is_there && !one.is_put() && !is(Defect::kErasedConflicts)) return false;
    return (is_there ? row->second.version : 0) != *one.expected_version;
  }

  // One mutation; of a group, with the first conflict of all.
  void decide(std::span<const Mutation> batch, std::span<WriteResult> results, std::size_t i) {
    const Mutation& one = batch[i];
    const bool in_group = one.group != 0 && !is(Defect::kWritesGroupsInPart);
    for (std::size_t k = 0; k < batch.size(); ++k) {
      if (k != i && !(in_group && batch[k].group == one.group)) continue;
      if (!conflicts(batch[k]) || !results[i].error.ok()) continue;
      const std::size_t who = is(Defect::kConflictOfTheWrong) ? batch.size() - 1 - i : i;
      results[who] = is(Defect::kConflictIsRetry) ? WriteResult::retry("planted") : WriteResult::conflict("planted");
      if (k != i) results[i] = WriteResult::never("its group");
      failed_groups_.insert(one.group);
      return;
    }
    if (in_group && failed_groups_.contains(one.group)) return;
    if (is(Defect::kDropsTheLastOfABatch) && batch.size() > 2 && i + 1 == batch.size()) return;
    apply(one, &results[i]);
  }

  void apply(const Mutation& one, WriteResult* result) {
    const std::string key = name(one.key);
    database_->longest_key = std::max(database_->longest_key, key.size());
    auto& rows = database_->rows;
    const auto row = rows.find(key);
    if (!one.is_put()) {
      if (is(Defect::kRefusesErasedTwice) && row == rows.end()) *result = WriteResult::never("planted");
      if (!is(Defect::kDropsAnErase)) rows.erase(key);
      return;
    }
    if (is(Defect::kPutsOnce) && row != rows.end()) return;
    if (was_written(one) && !is(Defect::kAgainIsWrittenAgain)) {
      *result = WriteResult::done(row == rows.end() ? 0 : row->second.version);
      return;
    }
    database_->sequences.insert(one.sequence);
    Row value{{one.type, std::string(one.bytes), one.expires_at, ++database_->version}, one.sequence};
    if (is(Defect::kLosesTheType)) value.type = ValueType::kString;
    if (is(Defect::kLosesTheEnd)) value.expires_at.reset();
    if (is(Defect::kKeepsTheEndOfBefore) && row != rows.end() && !one.expires_at)
      value.expires_at = row->second.expires_at;
    if (is(Defect::kKeepsEndsToTheSecond) && value.expires_at) {
      value.expires_at = UnixTime(std::chrono::floor<std::chrono::seconds>(*value.expires_at));
    }
    if (is(Defect::kCutsAtNul)) value.bytes = value.bytes.c_str();
    if (is(Defect::kBreaksFarBehind) && value.bytes.size() > 1'000) value.bytes[1'000] ^= 1;
    if (is(Defect::kReusesVersions)) value.version = row == rows.end() ? 1 : row->second.version + 1;
    if (is(Defect::kKeepsTheVersion) && row != rows.end()) value.version = row->second.version;
    *result = WriteResult::done(is(Defect::kVersionInResultIsOld) ? value.version - 1 : value.version);
    if (is(Defect::kWritesLate)) {
      now_.emplace_back([database = database_, key, value] { database->rows[key] = value; });
    } else {
      rows[key] = value;
    }
  }

  std::shared_ptr<Database> database_;
  std::shared_ptr<Database> written_at_the_end_;
  const Defect defect_;
  const std::thread::id made_by_;
  bool stays_away_ = false;
  std::map<std::string, Row, std::less<>> before_;
  std::vector<std::function<void()>> now_, late_;
  std::set<std::uint64_t> failed_groups_;
};

std::vector<ConformanceFailure> try_with(Defect defect) {
  auto database = std::make_shared<Database>();
  const auto turn = [database](bool away) {
    const std::lock_guard lock(database->mutex);
    database->away = away;
  };
  int opened = 0;
  return check_store({.open =
                          [&, database] {
                            if (defect == Defect::kForgets && opened++ != 0) database->rows.clear();
                            return std::make_shared<DefectiveStore>(database, defect);
                          },
                      .stop = [turn] { turn(true); },
                      .start = [turn] { turn(false); },
                      .patience = Milliseconds(defect == Defect::kStaysAway ? 50 : 10'000)});
}

TEST(StoreConformance, FindsNothingWrongWithAStoreThatIsRight) {
  for (const ConformanceFailure& failure : try_with(Defect::kNone)) ADD_FAILURE() << failure.to_string();
}

class PlantedDefects : public testing::TestWithParam<int> {};

TEST_P(PlantedDefects, AreFound) {
  const std::vector<ConformanceFailure> failures = try_with(static_cast<Defect>(GetParam()));
  ASSERT_FALSE(failures.empty());
  const std::vector<std::string_view> names = conformance_checks();
  for (const ConformanceFailure& one : failures) {
    EXPECT_NE(std::find(names.begin(), names.end(), one.check), names.end()) << one.check;
    EXPECT_FALSE(one.did.empty() || one.expected.empty() || one.got.empty() || one.hint.empty()) << one.to_string();
    const auto same = [&](const ConformanceFailure& other) { return other.check == one.check; };
    EXPECT_LE(std::count_if(failures.begin(), failures.end(), same), 3) << one.check;
  }
  std::cout << failures[0].to_string() << '\n';
}
INSTANTIATE_TEST_SUITE_P(All, PlantedDefects, testing::Range(1, kDefects));

// Each check is worth its time: some defect is found by it.
TEST(StoreConformance, EveryCheckFindsSomething) {
  std::set<std::string> found;
  for (int i = 1; i < kDefects; ++i) {
    for (const ConformanceFailure& one : try_with(static_cast<Defect>(i))) found.insert(one.check);
  }
  for (const ConformanceFailure& one : check_store({})) found.insert(one.check);
  for (const ConformanceFailure& one : check_store({.stop = [] {}})) found.insert(one.check);
  for (const std::string_view name : conformance_checks()) EXPECT_TRUE(found.contains(std::string(name))) << name;
}

// Not only by others that happen to look as well.
TEST(StoreConformance, WhatIsSentAgainHasChecksOfItsOwn) {
  const auto finds = [](Defect defect, std::string_view check) {
    const std::vector<ConformanceFailure> failures = try_with(defect);
    return std::any_of(failures.begin(), failures.end(), [&](const auto& one) { return one.check == check; });
  };
  EXPECT_TRUE(finds(Defect::kLosesTheType, "types_round_trip"));
  EXPECT_TRUE(finds(Defect::kWhatHasEndedConflicts, "expected_versions_of_the_ended"));
  EXPECT_TRUE(finds(Defect::kAgainIsAConflict, "put_sent_again"));
  EXPECT_TRUE(finds(Defect::kAgainIsWrittenAgain, "put_sent_again"));
  EXPECT_TRUE(finds(Defect::kAgainIsWrittenAgain, "group_sent_again"));
  EXPECT_TRUE(finds(Defect::kGroupAgainIsAConflict, "group_sent_again"));
  EXPECT_TRUE(finds(Defect::kErasedConflicts, "erase_sent_again"));
  EXPECT_TRUE(finds(Defect::kAgainIsDoneForEver, "sent_again_too_late"));
}

// A store that is closed first has written all by then.
TEST(StoreConformance, WhatIsWrittenAtTheEndOnlyIsNotThereBesideTheFirst) {
  for (const ConformanceFailure& one : try_with(Defect::kWritesAtItsEnd)) {
    if (one.check != "opened_again") continue;
    EXPECT_NE(one.did.find("a second time, beside the first"), std::string::npos) << one.to_string();
    EXPECT_NE(one.hint.find("when the store is destroyed"), std::string::npos) << one.to_string();
    return;
  }
  ADD_FAILURE() << "not found";
}

TEST(StoreConformance, AStoreNeedNotBeOpenTwiceAtATime) {
  const auto database = std::make_shared<Database>();
  for (const bool throws : {false, true}) {
    std::weak_ptr<BackingStore> only;
    const auto open = [&]() -> std::shared_ptr<BackingStore> {
      if (!only.expired() && throws) throw std::runtime_error("locked");
      if (!only.expired()) return nullptr;
      auto store = std::make_shared<DefectiveStore>(database, Defect::kNone);
      only = store;
      return store;
    };
    for (const ConformanceFailure& failure : check_store({.open = open})) ADD_FAILURE() << failure.to_string();
  }
}

TEST(StoreConformance, OfACheckThatFailsOftenTheFirstThreeAreTold) {
  std::vector<std::string> told;
  for (const ConformanceFailure& one : try_with(Defect::kCutsAtNul)) {
    if (one.check == "values_round_trip") told.push_back(one.to_string());
  }
  ASSERT_EQ(told.size(), 3u);
  EXPECT_NE(told[0].find("255 bytes"), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("(often: bytes are kept as text"), std::string::npos) << told[0];
}

TEST(StoreConformance, WhatIsThrownHasAHintOfItsOwn) {
  int told = 0;
  for (const ConformanceFailure& one : try_with(Defect::kThrows)) {
    if (one.got != "planted") continue;
    EXPECT_NE(one.hint.find("must become a Status"), std::string::npos) << one.to_string();
    ++told;
  }
  EXPECT_GT(told, 10);
}

TEST(StoreConformance, WhatIsNotFoundAtOnceIsSaidFirstAndOfAllLoadsThatComeOfIt) {
  const std::vector<ConformanceFailure> failures = try_with(Defect::kWritesLate);
  ASSERT_GT(failures.size(), 1u);
  EXPECT_EQ(failures[0].check, "found_at_once");
  for (const ConformanceFailure& one : failures) {
    if (one.check != "found_at_once" && one.check != "values_round_trip") continue;
    EXPECT_NE(one.hint.find("answered before it had written"), std::string::npos) << one.to_string();
  }
}

TEST(StoreConformance, BytesThatDifferFarBehindAreToldApart) {
  const std::vector<ConformanceFailure> failures = try_with(Defect::kBreaksFarBehind);
  ASSERT_FALSE(failures.empty());
  EXPECT_NE(failures[0].got.find("4095 bytes, without end"), std::string::npos) << failures[0].to_string();
  EXPECT_NE(failures[0].got.find("differs from offset 1000 on"), std::string::npos) << failures[0].to_string();
}

TEST(StoreConformance, WritersOfSeveralThreadsSayWhatCameOfBothCalls) {
  int told = 0;
  for (const ConformanceFailure& one : try_with(Defect::kLosesWritesOfOthers)) {
    if (one.check != "concurrent_writers") continue;
    EXPECT_EQ(one.got, "done, then load: a miss");
    ++told;
  }
  EXPECT_EQ(told, 3);
}

TEST(StoreConformance, OptionsThatMakeNoSenseAreSaidAndNothingIsRun) {
  int opened = 0;
  const auto open = [&]() -> std::shared_ptr<BackingStore> { return ++opened, nullptr; };
  const auto told = [](const ConformanceOptions& options) {
    std::string text;
    for (const ConformanceFailure& one : check_store(options)) text += one.to_string() + "\n";
    return text;
  };
  EXPECT_EQ(told({.open = open, .stop = [] {}}),
            "options: .stop and .start: expected both or neither, got .stop alone "
            "(often: one of them is forgotten, and outages would not be tried)\n");
  const std::string all =
      told({.open = open, .key_prefix = std::string(65'472, 'x'), .start = [] {}, .patience = Milliseconds(-1)});
  EXPECT_NE(all.find("options: .stop and .start: expected both or neither, got .start alone"), std::string::npos)
      << all;
  EXPECT_NE(all.find("options: .patience: expected 0 ms or more, got -1 ms"), std::string::npos) << all;
  EXPECT_NE(all.find("options: .key_prefix: expected at most 65471 bytes, got 65472 bytes"), std::string::npos) << all;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
  EXPECT_EQ(opened, 0);
}

TEST(StoreConformance, ThePrefixMayBeAsLongAsKeysAllow) {
  const auto database = std::make_shared<Database>();
  const auto open = [&] { return std::make_shared<DefectiveStore>(database, Defect::kNone); };
  for (const ConformanceFailure& failure : check_store({.open = open, .key_prefix = std::string(65'471, 'x')})) {
    ADD_FAILURE() << failure.to_string();
  }
  EXPECT_EQ(database->longest_key, 65'535u);
}

TEST(StoreConformance, EachCheckIsNamedBeforeItBegins) {
  const auto database = std::make_shared<Database>();
  const auto open = [&] { return std::make_shared<DefectiveStore>(database, Defect::kNone); };
  std::vector<std::string> named;
  const auto on_check = [&](std::string_view check) { named.emplace_back(check); };
  check_store({.open = open, .on_check = on_check});
  const std::vector<std::string_view> all = conformance_checks();
  EXPECT_EQ(named, std::vector<std::string>(all.begin(), all.end()));
  named.clear();
  check_store({.open = nullptr, .on_check = on_check});
  EXPECT_EQ(named.back(), "open");
}

TEST(StoreConformance, WhatOnCheckThrowsEndsTheSuite) {
  const auto database = std::make_shared<Database>();
  const auto open = [&] { return std::make_shared<DefectiveStore>(database, Defect::kNone); };
  const auto on_check = [](std::string_view check) {
    if (check == "erase") throw std::runtime_error("enough");
  };
  EXPECT_THROW(check_store({.open = open, .on_check = on_check}), std::runtime_error);
  EXPECT_TRUE(database->rows.empty());
}

TEST(StoreConformance, LeavesNothingBehind) {
  const auto database = std::make_shared<Database>();
  check_store({.open = [&] { return std::make_shared<DefectiveStore>(database, Defect::kNone); }});
  EXPECT_TRUE(database->rows.empty());
}

}  // namespace
}  // namespace larder::stores
