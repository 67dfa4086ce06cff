// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Every error code that there is, brought about through the public interface: the code is the one that is promised, the
// message says something, and the refused call has changed nothing and told the listener nothing.
//
// kWrongType cannot occur yet, since all values are strings; it gets its rows when a second type comes.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace larder {
namespace {

using namespace std::chrono_literals;
using Text = Lookup<std::string>;

// A cache with a few keys, which the calls under test leave as they are.
struct Scene {
  ManualClock clock;
  std::uint64_t told = 0;  // how often the listener was called
  Options options;
  std::unique_ptr<Cache> cache;

  Scene() {
    options.clock = &clock;
    options.seed = 1;
    options.shards = 2;
    options.max_memory = 1_MiB;
    options.value_bytes_max = 50'000;
    options.on_removal = [this](std::string_view, std::string_view, RemovalCause) { ++told; };
  }
  void open() {
    cache = std::make_unique<Cache>(options);
    EXPECT_TRUE(cache->set("text", "not a number").ok());
    EXPECT_TRUE(cache->set("most", "9223372036854775807").ok());
    EXPECT_TRUE(cache->set("least", "-9223372036854775808").ok());
    EXPECT_TRUE(cache->set("huge", "1e4932").ok());
    EXPECT_TRUE(cache->set("large", std::string(20'000, 'x')).ok());
    EXPECT_TRUE(cache->set("timed", "value", {.ttl = 100'000h}).ok());
    if (options.max_entries != 0) return;
    EXPECT_TRUE(cache->hset("hash", "field", "value").ok());
    EXPECT_TRUE(cache->rpush("list", "element").ok());
    EXPECT_TRUE(cache->sadd("set", {"one", "other"}).ok());
    EXPECT_TRUE(cache->zadd("sorted", "member", 1).ok());
  }
};

struct Provocation {
  ErrorCode code;
  const char* name;
  std::function<Status(Scene&)> call;
  std::function<void(Options&)> options = [](Options&) {};
  std::function<void(Scene&)> before = [](Scene&) {};
};

const std::string& long_key() {
  static const std::string key(kKeyBytesMax + 1, 'k');
  return key;
}

const std::string& too_large() {
  static const std::string value(50'001, 'v');
  return value;
}

const std::vector<std::string>& many_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (int i = 0; i < 1'025; ++i) all.push_back("name" + std::to_string(i));
    return all;
  }();
  return names;
}

Status set_many(Scene& scene, bool only_if_absent) {
  std::vector<KeyValue> pairs;
  for (const std::string& name : many_names()) pairs.push_back({name, "v"});
  return only_if_absent ? scene.cache->mset_nx(pairs).status() : scene.cache->mset(pairs);
}

// The status of a caller whose loader loads its own key; the loader itself finds nothing.
Status load_own_key(Scene& scene) {
  Status inner;
  const Text outer = scene.cache->get_or_load("new", [&]() -> Loaded {
    inner = scene.cache->get_or_load("new", [] { return "never"; }).status();
    return std::nullopt;
  });
  EXPECT_TRUE(outer.missing());
  return inner;
}

// Two loaders want each other's key: at least one of them is told.
Status load_in_a_circle(Scene& scene) {
  std::latch both_load(2);
  std::array<Status, 2> inner;
  const auto lead = [&](std::size_t me, const char* own, const char* other) {
    static_cast<void>(scene.cache->get_or_load(own, [&]() -> Loaded {
      both_load.arrive_and_wait();
      inner[me] = scene.cache->get_or_load(other, [] { return Loaded(std::nullopt); }).status();
      return std::nullopt;
    }));
  };
  {
    const std::jthread first(lead, 0, "left", "right");
    const std::jthread second(lead, 1, "right", "left");
  }
  return inner[0].ok() ? inner[1] : inner[0];
}

// Waits at most 5 ms for a load that ends only when the waiting has. The loader moves the clock.
Status wait_too_short(Scene& scene) {
  std::latch loading(1);
  std::atomic<bool> gave_up{false};
  const std::jthread leader([&] {
    static_cast<void>(scene.cache->get_or_load("slow", [&]() -> Loaded {
      loading.count_down();
      while (!gave_up.load()) {
        scene.clock.advance(1ms);
        std::this_thread::yield();
      }
      return std::nullopt;
    }));
  });
  loading.wait();
  Status status = scene.cache->get_or_load("slow", [] { return "never"; }, {.wait_max = 5ms}).status();
  gave_up = true;
  return status;
}

// All entries that fit; the next one does not.
void nothing_more_fits(Options& options) { options.eviction = Eviction::none(); }
void fill(Scene& scene) {
  int i = 0;
  for (const std::size_t bytes : {900u, 100u, 1u}) {
    while (scene.cache->set("fill" + std::to_string(i), std::string(bytes, 'f')).ok()) ASSERT_LT(++i, 100'000);
  }
}
void six_entries(Options& options) {
  options.eviction = Eviction::none();
  options.max_entries = 6;
}

bool throw_at_member(std::string_view) { throw std::runtime_error("broken"); }
void throw_error(std::string_view) { throw std::runtime_error("broken"); }

using E = ErrorCode;
using Rows = std::vector<Provocation>;

constexpr auto kMinusOne = static_cast<std::uint64_t>(-1);

Rows of_numbers() {
  return {
      {E::kNotAnInteger, "IncrOfText", [](Scene& s) { return s.cache->incr("text").status(); }},
      {E::kNotAnInteger, "DecrByOfText", [](Scene& s) { return s.cache->decr_by("text", 3).status(); }},
      {E::kNotAnInteger, "IncrOfATimedKey", [](Scene& s) { return s.cache->incr("timed").status(); }},
      {E::kNotAFloat, "IncrByFloatOfText", [](Scene& s) { return s.cache->incr_by_float("text", 1.0L).status(); }},
      {E::kNotAFloat, "IncrByNotANumber",
       [](Scene& s) { return s.cache->incr_by_float("most", std::numeric_limits<long double>::quiet_NaN()).status(); }},
      {E::kOverflow, "IncrOfTheMost", [](Scene& s) { return s.cache->incr("most").status(); }},
      {E::kOverflow, "DecrOfTheLeast", [](Scene& s) { return s.cache->decr("least").status(); }},
      {E::kOverflow, "DecrByTheLeast",
       [](Scene& s) { return s.cache->decr_by("least", std::numeric_limits<std::int64_t>::min()).status(); }},
      {E::kOverflow, "IncrByFloatToInfinity",
       [](Scene& s) { return s.cache->incr_by_float("huge", std::numeric_limits<long double>::infinity()).status(); }},
      {E::kOutOfRange, "SetBit",
       [](Scene& s) { return s.cache->set_bit("text", std::uint64_t{1} << 32, true).status(); }},
      {E::kOutOfRange, "GetBit", [](Scene& s) { return s.cache->get_bit("text", std::uint64_t{1} << 32).status(); }},
      {E::kOutOfRange, "BitField",
       [](Scene& s) {
         const BitFieldStep steps[] = {
             {.action = BitFieldStep::Action::kSet, .operand = 1},
             {.action = BitFieldStep::Action::kSet, .bit_offset = std::uint64_t{1} << 32, .operand = 1}};
         return s.cache->bit_field("text", steps).status();
       }},
      {E::kOutOfRange, "LcsOfTwoLargeValues", [](Scene& s) { return s.cache->lcs("large", "large").status(); }},
      {E::kOutOfRange, "LpopOfMinusOne", [](Scene& s) { return s.cache->lpop("list", kMinusOne).status(); }},
      {E::kOutOfRange, "RpopOfMinusOne", [](Scene& s) { return s.cache->rpop("list", kMinusOne).status(); }},
      {E::kOutOfRange, "SpopOfMinusOne", [](Scene& s) { return s.cache->spop("set", kMinusOne).status(); }},
      {E::kOutOfRange, "ZpopMinOfMinusOne", [](Scene& s) { return s.cache->zpop_min("sorted", kMinusOne).status(); }},
      {E::kOutOfRange, "ZpopMaxOfMinusOne", [](Scene& s) { return s.cache->zpop_max("sorted", kMinusOne).status(); }},
      {E::kOutOfRange, "LmpopOfMinusOne",
       [](Scene& s) { return s.cache->lmpop({"list"}, ListEnd::kLeft, kMinusOne).status(); }},
      {E::kOutOfRange, "BzmpopOfMinusOne", [](Scene& s) { return s.cache->bzmpop_min({"none"}, kMinusOne).status(); }},
  };
}

Rows of_arguments() {
  return {
      {E::kInvalidArgument, "SetWithTwoEnds",
       [](Scene& s) { return s.cache->set("text", "x", {.ttl = 1s, .keep_ttl = true}).status(); }},
      {E::kInvalidArgument, "GetExWithTwoEnds",
       [](Scene& s) { return s.cache->get_ex("timed", {.ttl = 1s, .persist = true}).status(); }},
      {E::kInvalidArgument, "CopyToItself", [](Scene& s) { return s.cache->copy("text", "text", true).status(); }},
      {E::kInvalidArgument, "ScanOfNothing", [](Scene& s) { return s.cache->scan(0, {.count = 0}).status(); }},
      {E::kInvalidArgument, "ScanOfTooMuch", [](Scene& s) { return s.cache->scan(0, {.count = 100'001}).status(); }},
      {E::kInvalidArgument, "MsetOfNothing", [](Scene& s) { return s.cache->mset({}); }},
      {E::kInvalidArgument, "BitOpNotOfTwo",
       [](Scene& s) {
         const std::string_view from[] = {"most", "least"};
         return s.cache->bit_op(BitOperation::kNot, "text", from).status();
       }},
      {E::kInvalidArgument, "BitFieldOfNoWidth",
       [](Scene& s) {
         const BitFieldStep steps[] = {{.action = BitFieldStep::Action::kSet, .width = 0, .operand = 1}};
         return s.cache->bit_field("text", steps).status();
       }},
      {E::kInvalidArgument, "MaxMemoryTooSmall", [](Scene& s) { return s.cache->set_max_memory(kMaxMemoryMin - 1); }},
      {E::kInvalidArgument, "OpenWithBadOptions",
       [](Scene& s) {
         Options options = s.options;
         options.shards = 3;
         return Cache::open(options).status();
       }},
      {E::kInvalidExpireTime, "SetForNoTime",
       [](Scene& s) { return s.cache->set("text", "x", {.ttl = 0ms}).status(); }},
      {E::kInvalidExpireTime, "SetForLessThanNoTime",
       [](Scene& s) { return s.cache->set("text", "x", {.ttl = -1ms}).status(); }},
      {E::kInvalidExpireTime, "GetExForNoTime",
       [](Scene& s) { return s.cache->get_ex("timed", {.ttl = 0ms}).status(); }},
      {E::kInvalidExpireTime, "ExpireInFiveThousandYears",
       [](Scene& s) { return s.cache->expire("timed", std::chrono::years(5'000)).status(); }},
      {E::kInvalidExpireTime, "ExpireInAllTime",
       [](Scene& s) { return s.cache->expire("timed", Milliseconds::max()).status(); }},
  };
}

Rows of_sizes() {
  return {
      {E::kKeyTooLong, "Get", [](Scene& s) { return s.cache->get(long_key()).status(); }},
      {E::kKeyTooLong, "Set", [](Scene& s) { return s.cache->set(long_key(), "v").status(); }},
      {E::kKeyTooLong, "Rename", [](Scene& s) { return s.cache->rename("text", long_key()); }},
      {E::kKeyTooLong, "Mset",
       [](Scene& s) {
         const KeyValue pairs[] = {{"text", "x"}, {long_key(), "v"}};
         return s.cache->mset(pairs);
       }},
      {E::kKeyTooLong, "Del",
       [](Scene& s) {
         const std::string_view keys[] = {long_key()};
         return s.cache->del(keys).status();
       }},
      {E::kKeyTooLong, "GetOrLoad",
       [](Scene& s) { return s.cache->get_or_load(long_key(), [] { return "never"; }).status(); }},
      {E::kValueTooLarge, "Set", [](Scene& s) { return s.cache->set("text", too_large()).status(); }},
      {E::kValueTooLarge, "SetOfANewKey", [](Scene& s) { return s.cache->set("new", too_large()).status(); }},
      {E::kValueTooLarge, "GetSet", [](Scene& s) { return s.cache->get_set("text", too_large()).status(); }},
      {E::kValueTooLarge, "Append",
       [](Scene& s) { return s.cache->append("large", std::string(30'001, 'y')).status(); }},
      {E::kValueTooLarge, "SetRange", [](Scene& s) { return s.cache->set_range("text", 50'000, "x").status(); }},
      {E::kValueTooLarge, "SetBit", [](Scene& s) { return s.cache->set_bit("text", 8 * 50'000, true).status(); }},
      {E::kValueTooLarge, "Mset",
       [](Scene& s) {
         const KeyValue pairs[] = {{"most", "x"}, {"text", too_large()}};
         return s.cache->mset(pairs);
       }},
  };
}

Rows of_room() {
  return {
      {E::kOutOfMemory, "SetWithNoBytesLeft",
       [](Scene& s) { return s.cache->set("new", std::string(900, 'n')).status(); }, nothing_more_fits, fill},
      {E::kOutOfMemory, "AppendWithNoBytesLeft",
       [](Scene& s) { return s.cache->append("large", std::string(20'000, 'n')).status(); }, nothing_more_fits, fill},
      {E::kOutOfMemory, "CopyWithNoBytesLeft", [](Scene& s) { return s.cache->copy("fill0", "a new name").status(); },
       nothing_more_fits, fill},
      {E::kOutOfMemory, "SetWithNoEntriesLeft", [](Scene& s) { return s.cache->set("new", "v").status(); },
       six_entries},
      {E::kOutOfMemory, "MsetWithNoEntriesLeft",
       [](Scene& s) {
         const KeyValue pairs[] = {{"text", "x"}, {"new", "v"}};
         return s.cache->mset(pairs);
       },
       six_entries},
      {E::kTooManyKeys, "Mset", [](Scene& s) { return set_many(s, false); }},
      {E::kTooManyKeys, "MsetNx", [](Scene& s) { return set_many(s, true); }},
      {E::kTooManyKeys, "BitOp",
       [](Scene& s) {
         const std::vector<std::string_view> from(many_names().begin(), many_names().end());
         return s.cache->bit_op(BitOperation::kAnd, "text", from).status();
       }},
  };
}

Rows of_states() {
  return {
      {E::kNoSuchKey, "Rename", [](Scene& s) { return s.cache->rename("missing", "text"); }},
      {E::kNoSuchKey, "RenameNx", [](Scene& s) { return s.cache->rename_nx("missing", "new").status(); }},
      {E::kConflict, "CompareAndSet",
       [](Scene& s) {
         const Version other{s.cache->get_versioned("text")->version.number + 1};
         return s.cache->compare_and_set("text", other, "x").status();
       }},
      {E::kUndeclaredKey, "Transaction",
       [](Scene& s) {
         return s.cache->atomically({"text"}, [](Transaction& t) { return t.set("other", "x").status(); });
       }},
      {E::kClosed, "Set", [](Scene& s) { return s.cache->set("text", "x").status(); }, [](Options&) {},
       [](Scene& s) { s.cache->close(); }},
      {E::kClosed, "Get", [](Scene& s) { return s.cache->get("text").status(); }, [](Options&) {},
       [](Scene& s) { s.cache->close(); }},
      {E::kLoadFailed, "GetOrLoad",
       [](Scene& s) {
         return s.cache->get_or_load("new", [] { return Status(ErrorCode::kLoadFailed, "no database"); }).status();
       }},
      {E::kLoaderThrew, "AnException",
       [](Scene& s) {
         return s.cache->get_or_load("new", []() -> Loaded { throw std::runtime_error("broken"); }).status();
       }},
      {E::kLoaderThrew, "SomethingElse",
       [](Scene& s) { return s.cache->get_or_load("new", []() -> Loaded { throw 42; }).status(); }},
      {E::kReentrantLoad, "ALoaderOfItsOwnKey", load_own_key},
      {E::kLoadDeadlock, "TwoLoadersInACircle", load_in_a_circle},
      {E::kTimeout, "ALoadThatTakesLonger", wait_too_short},
      {E::kCallbackThrew, "Read", [](Scene& s) { return s.cache->read("text", throw_error).status(); }},
      {E::kCallbackThrew, "SomethingElse",
       [](Scene& s) { return s.cache->read("text", [](std::string_view) { throw 42; }).status(); }},
      {E::kCallbackThrew, "Mget",
       [](Scene& s) {
         const std::string_view keys[] = {"text"};
         return s.cache->mget(keys, [](std::size_t, std::string_view) { throw std::runtime_error("broken"); }).status();
       }},
      {E::kCallbackThrew, "ForEach",
       [](Scene& s) {
         return s.cache->for_each([](const EntryView&) -> bool { throw std::runtime_error("broken"); });
       }},
      {E::kCallbackThrew, "Sinter", [](Scene& s) { return s.cache->sinter({"set"}, throw_at_member); }},
      {E::kCallbackThrew, "Sunion", [](Scene& s) { return s.cache->sunion({"set"}, throw_at_member); }},
      {E::kCallbackThrew, "Sdiff", [](Scene& s) { return s.cache->sdiff({"set"}, throw_at_member); }},
      {E::kCallbackThrew, "SrandMembers", [](Scene& s) { return s.cache->srand_members("set", -3, throw_at_member); }},
      {E::kCallbackThrew, "HrandFields",
       [](Scene& s) {
         return s.cache->hrand_fields("hash", 1, [](std::string_view, std::string_view) -> bool { throw 42; });
       }},
      {E::kCallbackThrew, "ZrandMembers",
       [](Scene& s) {
         return s.cache->zrand_members("sorted", 1, [](std::string_view, double) -> bool { throw 42; });
       }},
  };
}

// Behind a cache: fails for some keys, and takes all else.
class MoodyStore final : public BackingStore {
 public:
  Lookup<StoredValue> load(std::string_view key) override {
    if (key == "throws") throw std::runtime_error("broken");
    if (key == "fails") return Status(ErrorCode::kStoreFailed, "no database");
    if (key == "malformed") return StoredValue{.type = ValueType::kHash, .bytes = "no hash"};
    return {};
  }
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    if (batch[0].key == "busy") results[0] = WriteResult::retry("locked");
    if (batch[0].key == "refused") results[0] = WriteResult::never("too long for a column");
    if (batch[0].key == "lost") results[0] = WriteResult::unknown("no answer");
    return {};
  }
};

void with_moody_store(Options& options) { options.store.backing = std::make_shared<MoodyStore>(); }

Rows of_stores() {
  return {
      {E::kStoreFailed, "Get", [](Scene& s) { return s.cache->get("fails").status(); }, with_moody_store},
      {E::kStoreFailed, "Incr", [](Scene& s) { return s.cache->incr("fails").status(); }, with_moody_store},
      {E::kStoreFailed, "Set", [](Scene& s) { return s.cache->set("busy", "x").status(); }, with_moody_store},
      {E::kStoreRefused, "Set", [](Scene& s) { return s.cache->set("refused", "x").status(); }, with_moody_store},
      {E::kStoreThrew, "Get", [](Scene& s) { return s.cache->get("throws").status(); }, with_moody_store},
      {E::kOutcomeUnknown, "Set", [](Scene& s) { return s.cache->set("lost", "x").status(); }, with_moody_store},
      {E::kStoreMalformed, "Get", [](Scene& s) { return s.cache->get("malformed").status(); }, with_moody_store},
      {E::kStoreMalformed, "Hset", [](Scene& s) { return s.cache->hset("malformed", "f", "v").status(); },
       with_moody_store},
      {E::kInterrupted, "Blpop",
       [](Scene& s) {
         Interrupt stop;
         stop.interrupt();
         return s.cache->blpop({"none"}, {.interrupt = &stop}).status();
       }},
      {E::kReadOnly, "Set",
       [](Scene&) {
         Options options;
         with_moody_store(options);
         options.store.writes = StoreOptions::Writes::kRefuse;
         Cache other(options);
         return other.set("new", "x").status();
       }},
      {E::kQueueFull, "Set",
       [](Scene&) {
         Options options;
         with_moody_store(options);
         options.store.writes = StoreOptions::Writes::kBack;
         WriteBackOptions& back = options.store.write_back;
         back.dead_letters = [](const DeadLetter&) {};
         back.threads = 0;
         back.items_max = 1;
         back.when_full = WriteBackOptions::WhenFull::kRefuse;
         Cache other(options);
         EXPECT_TRUE(other.set("one", "x").ok());
         return other.set("two", "x").status();
       }},
  };
}

const Rows& provocations() {
  static const Rows all = [] {
    Rows rows;
    for (const Rows& some : {of_numbers(), of_arguments(), of_sizes(), of_room(), of_states(), of_stores()})
      rows.insert(rows.end(), some.begin(), some.end());
    return rows;
  }();
  return all;
}

// --- Each code has a row -----------------------------------------------------------------------------------------------
// No default: a code that is added does not compile here until somebody has said how it comes about.
bool has_rows(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
    case ErrorCode::kWrongType:  // see above
    case ErrorCode::kDisconnected:
    case ErrorCode::kServerError:  // tests/near
      return false;
    case ErrorCode::kNotAnInteger:
    case ErrorCode::kNotAFloat:
    case ErrorCode::kOverflow:
    case ErrorCode::kOutOfRange:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kInvalidExpireTime:
    case ErrorCode::kNoSuchKey:
    case ErrorCode::kKeyTooLong:
    case ErrorCode::kValueTooLarge:
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kTooManyKeys:
    case ErrorCode::kConflict:
    case ErrorCode::kClosed:
    case ErrorCode::kLoadFailed:
    case ErrorCode::kLoaderThrew:
    case ErrorCode::kReentrantLoad:
    case ErrorCode::kLoadDeadlock:
    case ErrorCode::kTimeout:
    case ErrorCode::kCallbackThrew:
    case ErrorCode::kStoreFailed:
    case ErrorCode::kStoreRefused:
    case ErrorCode::kStoreThrew:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kReadOnly:
    case ErrorCode::kUndeclaredKey:
    case ErrorCode::kQueueFull:
    case ErrorCode::kInterrupted:
    case ErrorCode::kStoreMalformed: return true;
  }
  return false;
}
constexpr ErrorCode kLast = ErrorCode::kServerError;

TEST(ErrorCodes, EachIsProvokedHere) {
  for (int i = 0; i <= static_cast<int>(kLast); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    bool found = false;
    for (const Provocation& one : provocations()) found = found || one.code == code;
    EXPECT_EQ(found, has_rows(code)) << to_string(code);
  }
}

TEST(ErrorCodes, EachHasANameOfItsOwn) {
  std::map<std::string, int> seen;
  for (int i = 0; i <= static_cast<int>(kLast); ++i) {
    const std::string name(to_string(static_cast<ErrorCode>(i)));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(seen.emplace(name, i).second) << name << " names " << seen[name] << " and " << i;
  }
}

// --- What a refused call leaves ----------------------------------------------------------------------------------------
struct Picture {
  std::map<std::string, std::pair<std::string, std::optional<UnixTime>>> entries;
  std::uint64_t count = 0, timed = 0, writes = 0, told = 0;
  std::array<std::uint64_t, kRemovalCauses> removals{};
  std::string policy;
  std::uint64_t max_memory = 0;
  bool operator==(const Picture&) const = default;
};

Picture picture_of(Scene& scene) {
  Picture picture;
  scene.cache->for_each([&](const EntryView& entry) {
    picture.entries[std::string(entry.key)].first = entry.value;
    return true;
  });
  for (auto& [key, what] : picture.entries) what.second = scene.cache->expire_time(key).value_or(std::nullopt);
  const Stats stats = scene.cache->stats();
  picture.count = stats.entries;
  picture.timed = stats.entries_with_ttl;
  picture.writes = stats.writes;
  picture.removals = stats.removals;
  picture.policy = stats.policy;
  picture.max_memory = stats.max_memory;
  picture.told = scene.told;
  return picture;
}

class Refused : public testing::TestWithParam<std::size_t> {};

TEST_P(Refused, SaysWhyAndChangesNothing) {
  const Provocation& one = provocations()[GetParam()];
  Scene scene;
  one.options(scene.options);
  scene.open();
  one.before(scene);
  const Picture before = picture_of(scene);
  const std::uint64_t refused_before = scene.cache->stats().refused_out_of_memory;

  const Status status = one.call(scene);

  EXPECT_EQ(to_string(status.code()), to_string(one.code)) << status.message();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status.message().empty());
  EXPECT_EQ(status.to_string(), std::string(to_string(one.code)) + ": " + std::string(status.message()));
  EXPECT_TRUE(picture_of(scene) == before) << "the refused call has changed something";
  if (one.code != ErrorCode::kClosed) {
    EXPECT_EQ(before.entries.size(), before.count);
    EXPECT_GE(before.count, 6u);
    EXPECT_EQ(scene.cache->check_invariants().to_string(), "ok");
  }
  EXPECT_EQ(scene.cache->stats().refused_out_of_memory > refused_before, one.code == ErrorCode::kOutOfMemory);
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  const Provocation& one = provocations()[info.param];
  std::string name(to_string(one.code));
  return name + "_" + one.name;
}

INSTANTIATE_TEST_SUITE_P(Calls, Refused, testing::Range(std::size_t{0}, provocations().size()), name_of);

}  // namespace
}  // namespace larder
