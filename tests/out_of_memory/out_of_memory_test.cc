// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Each call with each of its allocations failing: that one alone, and with all that follow. It may throw std::bad_alloc
// or answer kOutOfMemory, or do its work all the same; then everything is as it was before or after the call, it can be
// made again, and no key is waited for.
#include <gtest/gtest.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <thread>

#include "commands/every_call.h"
#include "out_of_memory/failing_world.h"
#include "support/wait_until.h"

namespace larder::out_of_memory {
namespace {

using commands::code_of;
ErrorCode code_of(ErrorCode code) { return code; }

template <typename T>
ErrorCode code_of(const std::vector<Lookup<T>>& answers) {
  for (const Lookup<T>& one : answers) {
    if (!one.status().ok()) return one.status().code();
  }
  return ErrorCode::kOk;
}

enum Trait : unsigned {
  kInParts = 1,      // it does one thing after the other
  kAlwaysWorks = 2,  // without memory, too
};

// What it answers, or throws.
template <typename Call>
ErrorCode try_call(Call&& call) {
  try {
    return code_of(call());
  } catch (const std::bad_alloc&) {
    return ErrorCode::kOutOfMemory;
  }
}

struct Row {
  const char* name;
  Kind kind;
  ErrorCode (*call)(World&);
  void (*set_up)(World&) = nullptr;
  unsigned traits = 0;
};

std::string doing;  // for the words of a program that ends in between

class EachCall : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::set_terminate([] {
      std::fprintf(stderr, "terminate is called in %s\n", doing.c_str());
      std::abort();
    });
  }

  static void run(std::span<const Row> rows) {
    for (const Row& row : rows) {
      for (const bool all_later : {false, true}) run(row, all_later);
    }
  }

 private:
  static constexpr std::uint64_t kTriesMax = 5'000;

  static void run(const Row& row, bool all_later) {
    std::vector<std::string> states;  // after so many calls
    for (int calls = 0; calls < 3; ++calls) {
      World world(row.kind);
      if (row.set_up != nullptr) row.set_up(world);
      for (int i = 0; i < calls; ++i) row.call(world);
      states.push_back(world.state());
    }
    for (std::uint64_t n = 1; fail(row, n, all_later, states); ++n) {
      ASSERT_LT(n, kTriesMax) << row.name << " does not end";
      if (testing::Test::HasFailure()) return;
    }
  }

  // False: there are not so many allocations.
  static bool fail(const Row& row, std::uint64_t n, bool all_later, std::span<const std::string> states) {
    doing = std::string(row.name) + ", allocation " + std::to_string(n) + (all_later ? " and all later ones" : "");
    SCOPED_TRACE(doing);
    World world(row.kind);
    if (row.set_up != nullptr) row.set_up(world);
    bool met = false;
    ErrorCode code = ErrorCode::kOutOfMemory;
    {
      const FailNth failing(n, all_later);
      code = try_call([&] { return row.call(world); });
      met = failing.met();
    }
    const bool may_fail = (row.traits & kAlwaysWorks) == 0;
    EXPECT_TRUE(code == ErrorCode::kOk || (may_fail && code == ErrorCode::kOutOfMemory)) << to_string(code);
    EXPECT_EQ(world.cache->check_invariants().to_string(), "ok");
    const std::string state = world.state();
    const bool not_done = state == states[0];
    if ((row.traits & kInParts) == 0) {
      EXPECT_TRUE(not_done || state == states[1]) << state << "not:\n" << states[0] << "nor:\n" << states[1];
      EXPECT_TRUE(code != ErrorCode::kOk || state == states[1]) << state;
    }
    EXPECT_EQ(row.call(world), ErrorCode::kOk);
    EXPECT_TRUE((row.traits & kInParts) != 0 || world.state() == states[not_done ? 1 : 2]) << world.state();
    EXPECT_EQ(world.letters, world.letters_due);
    expect_nobody_waits(world);
    return met;
  }

  // Whoever waited for work of this thread would get kReentrantLoad.
  static void expect_nobody_waits(World& world) {
    world.clock.advance(10s);
    for (const char* key : World::kKeys) {
      EXPECT_TRUE(world.cache->get_or_load(key, [] { return "loaded"; }).status().ok()) << key;
      if (world.kind == Kind::kRead) continue;
      EXPECT_TRUE(world.cache->set(key, "last").ok()) << key;
      EXPECT_EQ(world.cache->get(key).value(), "last") << key;
    }
    EXPECT_TRUE(world.cache->flush(Milliseconds(0)).complete());
    for (const char* key : World::kKeys) {
      EXPECT_TRUE(world.kind < Kind::kThrough || world.store->row(key) == "last") << key;
    }
    EXPECT_EQ(world.cache->check_invariants().to_string(), "ok");
  }
};

const std::string long_text(300, 'x');
const std::string large_text(5'000, 'y');

// The same, of a call that cannot fail.
#define DO(expression) [](World& w) { return w.cache->expression, ErrorCode::kOk; }
#define CALL(expression) [](World& w) { return code_of(w.cache->expression); }

constexpr Row kReads[] = {
    {"get", Kind::kPlain, CALL(get("b"))},
    {"get of a large value", Kind::kPlain, CALL(get("large"))},
    {"get into a string", Kind::kPlain,
     [](World& w) {
       std::string into;
       return code_of(w.cache->get("large", into));
     }},
    {"read", Kind::kPlain, CALL(read("large", [](std::string_view) {})), nullptr, kAlwaysWorks},
    {"pin of a large value", Kind::kPlain, CALL(pin("large")), nullptr, kAlwaysWorks},
    {"pin", Kind::kPlain, CALL(pin("b"))},
    {"mget", Kind::kPlain, CALL(mget({"a", "b", "large", "new"}))},
    {"get_range", Kind::kPlain, CALL(get_range("b", 10, 200))},
    {"lcs", Kind::kPlain, CALL(lcs("a", "b", {.with_matches = true}))},
    {"get_versioned", Kind::kPlain, CALL(get_versioned("b"))},
    {"scan", Kind::kPlain, CALL(scan(0, {.match = "*", .count = 100}))},
    {"keys", Kind::kPlain, CALL(keys("*"))},
    {"for_each", Kind::kPlain, CALL(for_each([](const EntryView&) { return true; }))},
    {"random_key", Kind::kPlain, CALL(random_key())},
    {"too long a key", Kind::kPlain,
     [](World& w) {
       static const std::string key(70'000, 'k');
       const ErrorCode code = code_of(w.cache->get(key));
       return code == ErrorCode::kKeyTooLong ? ErrorCode::kOk : code;
     }},
    {"stats", Kind::kBack,
     [](World& w) {
       const Stats stats = w.cache->stats();
       (void)stats.to_redis_info();
       (void)stats.to_prometheus("a name");
       return ErrorCode::kOk;
     }},
    {"check_invariants", Kind::kBack, CALL(check_invariants())},
};
TEST_F(EachCall, ReadsAllOrNothing) { run(kReads); }

constexpr Row kWrites[] = {
    {"set", Kind::kPlain, CALL(set("a", long_text)), nullptr, kAlwaysWorks},
    {"set of a new key", Kind::kPlain, CALL(set("new", long_text)), nullptr, kAlwaysWorks},
    {"set of a large value", Kind::kPlain, CALL(set("a", large_text)), nullptr, kAlwaysWorks},
    {"set for a time", Kind::kPlain, CALL(set("a", "x", {.ttl = 1s}))},
    {"set for ever", Kind::kPlain,
     [](World& w) {
       const ErrorCode code = code_of(w.cache->set("a", "x", {.ttl = Milliseconds::max()}));
       return code == ErrorCode::kInvalidExpireTime ? ErrorCode::kOk : code;
     }},
    {"set_and_get", Kind::kPlain, CALL(set_and_get("b", long_text))},
    {"get_set", Kind::kPlain, CALL(get_set("b", "x"))},
    {"get_del", Kind::kPlain, CALL(get_del("b"))},
    {"expire", Kind::kPlain, CALL(expire("b", 1s)), nullptr, kAlwaysWorks},
    {"get_ex", Kind::kPlain, CALL(get_ex("b", {.ttl = 1s}))},
    {"mset", Kind::kPlain, CALL(mset({{"a", "x"}, {"b", large_text}, {"new", "y"}}))},
    {"mset_nx", Kind::kPlain, CALL(mset_nx({{"new", large_text}, {"other", "y"}}))},
    {"append", Kind::kPlain, CALL(append("large", "more")), nullptr, kAlwaysWorks},
    {"append to a small value", Kind::kPlain, CALL(append("a", large_text)), nullptr, kAlwaysWorks},
    {"set_range", Kind::kPlain, CALL(set_range("new", 3'000, "x"))},
    {"incr", Kind::kPlain, CALL(incr("a")), nullptr, kAlwaysWorks},
    {"incr_by_float", Kind::kPlain, CALL(incr_by_float("a", 0.1L))},
    {"compare_and_set", Kind::kPlain,
     [](World& w) {
       const Result<Versioned> seen = w.cache->get_versioned("a");
       if (!seen) return seen.status().code();
       return code_of(w.cache->compare_and_set("a", seen->version, large_text));
     }},
    {"set_bit", Kind::kPlain, CALL(set_bit("new", 20'000, true)), nullptr, kAlwaysWorks},
    {"bit_op", Kind::kPlain, CALL(bit_op(BitOperation::kXor, "new", {"b", "large"}))},
    {"bit_field", Kind::kPlain, CALL(bit_field("a", {{.action = BitFieldStep::Action::kSet, .operand = 7}}))},
    {"del", Kind::kPlain, CALL(del("large")), nullptr, kAlwaysWorks},
    {"rename", Kind::kPlain,
     [](World& w) {
       const ErrorCode code = code_of(w.cache->rename("large", "new"));
       return code == ErrorCode::kNoSuchKey ? ErrorCode::kOk : code;
     }},
    {"copy", Kind::kPlain, CALL(copy("large", "new", true))},
    {"invalidate", Kind::kPlain, CALL(invalidate("b")), nullptr, kAlwaysWorks},
    {"del of several", Kind::kPlain, CALL(del({"a", "b", "new"})), nullptr, kInParts},
};
TEST_F(EachCall, WritesAllOrNothing) { run(kWrites); }

// A listener is told of each removal, once; what is not told for want of memory is counted.
ErrorCode told_all(World& world, ErrorCode code) {
  std::uint64_t removed = 0;
  for (const std::uint64_t count : world.cache->stats().removals) removed += count;
  std::uint64_t told = world.cache->stats().listener_failures;
  for (const auto& [key, count] : world.told) told += static_cast<std::uint64_t>(count);
  EXPECT_EQ(told, removed);
  return code;
}
#define TOLD(expression) [](World& w) { return told_all(w, code_of(w.cache->expression)); }

void add_many(World& world) {
  for (int i = 0; i < 200; ++i) world.cache->set("many " + std::to_string(i), std::string(10, 'm'));
}
// What it does in turn removes more: of that it hears when it has returned.
void remove_in_turn(World& world) {
  add_many(world);
  world.on_removal = [&](std::string_view key) {
    if (key == "a" && world.told["a"] == 1) world.cache->invalidate_prefix("many");
  };
}
void fill(World& world) {
  for (int i = 0; i < 20; ++i) world.cache->set("full " + std::to_string(i), std::string(100'000, 'f'));
}

constexpr Row kRemovals[] = {
    {"a listener hears of a set", Kind::kListened, TOLD(set("b", long_text))},
    {"a listener hears of an mset", Kind::kListened, TOLD(mset({{"a", "x"}, {"b", large_text}, {"new", "y"}}))},
    {"a listener hears of a prefix", Kind::kListened, TOLD(invalidate_prefix("many")), add_many,
     kInParts | kAlwaysWorks},
    {"a listener hears of a clear", Kind::kListened, TOLD(clear()), add_many, kInParts},
    {"a listener removes in turn", Kind::kListened, TOLD(set("a", "x")), remove_in_turn},
    {"a listener hears of a tick", Kind::kListened,
     [](World& w) {
       w.clock.advance(1s);
       w.cache->tick();
       return told_all(w, ErrorCode::kOk);
     },
     [](World& w) { EXPECT_TRUE(*w.cache->expire("b", 1s)); }, kAlwaysWorks},
    {"clear", Kind::kPlain, CALL(clear()), add_many, kInParts},
    {"invalidate_prefix", Kind::kPlain, CALL(invalidate_prefix("many")), add_many, kInParts | kAlwaysWorks},
    {"set_max_memory", Kind::kPlain, CALL(set_max_memory(100'000)), fill, kInParts},
    {"set_max_memory, with a listener", Kind::kListened, TOLD(set_max_memory(100'000)), fill, kInParts},
    {"set_eviction", Kind::kPlain, CALL(set_eviction(Eviction::lru())), add_many, kInParts},
};
TEST_F(EachCall, RemovesAndTells) { run(kRemovals); }

Lookup<std::string> load_new(World& world, const LoadOptions& options = {}) {
  return world.cache->get_or_load(
      "new",
      [&] {
        const Plenty plenty;
        return long_text;
      },
      options);
}
std::vector<Lookup<std::string>> load_many(World& world) {
  return world.cache->get_or_load_many({"a", "s", "new", "other"}, [](std::span<const std::string_view> keys) {
    const Plenty plenty;
    return std::vector<Loaded>(keys.size(), Loaded(long_text));
  });
}
// A failure is what it is; that there was no memory to say so is another.
ErrorCode expected(ErrorCode code, ErrorCode wanted) { return code == wanted ? ErrorCode::kOk : code; }
ErrorCode load_and_throw(World& world) {
  const auto fail = []() -> std::string {
    const Plenty plenty;
    throw std::runtime_error(long_text);
  };
  return expected(code_of(world.cache->get_or_load("new", fail)), ErrorCode::kLoaderThrew);
}
ErrorCode find_nothing(World& world) {
  return code_of(world.cache->get_or_load("other", [] { return Loaded(std::nullopt); }, {.negative_ttl = 1s}));
}
void make_old(World& world) {
  const LoadOptions options{.ttl = 100ms, .staleness = {.stale_for = 1s}};
  EXPECT_TRUE(world.cache
                  ->get_or_load(
                      "new", [] { return large_text; }, options)
                  .has_value());
  world.clock.advance(200ms);
}
ErrorCode load_old(World& world) { return code_of(load_new(world, {.ttl = 100ms, .staleness = {.stale_for = 1s}})); }

constexpr Row kLoads[] = {
    {"get_or_load", Kind::kPlain, [](World& w) { return code_of(load_new(w)); }},
    {"get_or_load of a hit", Kind::kPlain, CALL(get_or_load("b", [] { return "x"; }))},
    {"get_or_load for a time", Kind::kPlain, [](World& w) { return code_of(load_new(w, {.ttl = 1s})); }},
    {"get_or_load, which throws", Kind::kPlain, load_and_throw},
    {"get_or_load of nothing", Kind::kPlain, find_nothing},
    {"get_or_load of what is stale", Kind::kPlain, load_old, make_old, kInParts},
    {"get_or_load_many", Kind::kPlain, [](World& w) { return code_of(load_many(w)); }, nullptr, kInParts},
    {"get_or_load, from a store", Kind::kThrough, CALL(get_or_load("s", [] { return "x"; }))},
    {"get_or_load, and a store without it", Kind::kThrough, [](World& w) { return code_of(load_new(w)); }},
    {"get_or_load_many, with a store", Kind::kThrough, [](World& w) { return code_of(load_many(w)); }, nullptr,
     kInParts},
};
TEST_F(EachCall, LoadsOnce) { run(kLoads); }

template <int Ms>
void pass(World& world) {
  world.clock.advance(Milliseconds(Ms));
}
class StoreThatThrows {
 public:
  explicit StoreThatThrows(World& world) : store_(*world.store) {
    store_.before_load = [](std::string_view) {
      throw std::runtime_error("it fails, and says so in more than few words");
    };
  }
  ~StoreThatThrows() { store_.before_load = nullptr; }
  StoreThatThrows(const StoreThatThrows&) = delete;
  StoreThatThrows& operator=(const StoreThatThrows&) = delete;

 private:
  support::ScriptedStore& store_;
};

constexpr Row kReadThrough[] = {
    {"get from a store", Kind::kRead, CALL(get("s"))},
    {"get of a large value from a store", Kind::kRead, CALL(get("u")),
     [](World& w) { w.store->put("u", {.bytes = large_text}); }},
    {"get of what a store does not have", Kind::kRead, CALL(get("new"))},
    {"get from a store that fails", Kind::kRead,
     [](World& w) {
       const StoreThatThrows store(w);
       return expected(code_of(w.cache->get("s")), ErrorCode::kStoreThrew);
     },
     nullptr, kInParts},
    {"mget from a store", Kind::kRead, CALL(mget({"a", "s", "t", "u", "new"}))},
    {"exists, of several", Kind::kRead, CALL(exists({"a", "s", "t", "new"}))},
    {"a write that is refused", Kind::kRead,
     [](World& w) { return expected(code_of(w.cache->set("s", "x")), ErrorCode::kReadOnly); }},
    {"read of what is to be refreshed", Kind::kStale, CALL(read("b", [](std::string_view) {})), pass<60>, kAlwaysWorks},
    {"refresh", Kind::kStale, DO(tick()),
     [](World& w) {
       w.clock.advance(60ms);
       for (const char* key : {"a", "b", "large"}) EXPECT_TRUE(w.cache->get(key).has_value());
     },
     kAlwaysWorks},
    {"get of what is stale", Kind::kStale, CALL(get("b")), pass<200>},
    {"get of what is stale, and the store fails", Kind::kStale,
     [](World& w) {
       const StoreThatThrows store(w);
       return code_of(w.cache->get("b"));
     },
     pass<200>},
};
TEST_F(EachCall, ReadsThrough) { run(kReadThrough); }

// Of the next write.
class WriteFault {
 public:
  WriteFault(World& world, support::Fault fault) : store_(*world.store) {
    const Plenty plenty;
    store_.fail_writes({fault});
  }
  ~WriteFault() { store_.fail_no_writes(); }
  WriteFault(const WriteFault&) = delete;
  WriteFault& operator=(const WriteFault&) = delete;

 private:
  support::ScriptedStore& store_;
};

constexpr Row kThrough[] = {
    {"set, through", Kind::kThrough, CALL(set("s", long_text))},
    {"set of a large value, through", Kind::kThrough, CALL(set("s", large_text))},
    {"append, through", Kind::kThrough, CALL(append("s", large_text))},
    {"incr, through", Kind::kThrough, CALL(incr("a"))},
    {"del, through", Kind::kThrough, CALL(del("s"))},
    {"expire, through", Kind::kThrough, CALL(expire("s", 1h))},
    {"get_del, through", Kind::kThrough, CALL(get_del("s"))},
    {"mset, through", Kind::kThrough, CALL(mset({{"a", "x"}, {"s", large_text}, {"new", "y"}}))},
    {"mset_nx, through", Kind::kThrough, CALL(mset_nx({{"new", "x"}, {"other", "y"}}))},
    {"copy, through", Kind::kThrough, CALL(copy("s", "new", true))},
    {"bit_op, through", Kind::kThrough, CALL(bit_op(BitOperation::kOr, "new", {"s", "t", "large"}))},
    {"set, and the store refuses", Kind::kThrough,
     [](World& w) {
       const WriteFault fault(w, support::Fault::kRetry);
       return expected(code_of(w.cache->set("s", "x")), ErrorCode::kStoreFailed);
     },
     nullptr, kInParts},
    {"mset, and the store writes the first only", Kind::kThrough,
     [](World& w) {
       const WriteFault fault(w, support::Fault::kFirstOnly);
       return expected(code_of(w.cache->mset({{"a", "x"}, {"s", "y"}})), ErrorCode::kOutcomeUnknown);
     },
     nullptr, kInParts},
};
TEST_F(EachCall, WritesThrough) { run(kThrough); }

void write_some(World& world) {
  EXPECT_TRUE(world.cache->set("s", long_text).ok());
  EXPECT_TRUE(world.cache->mset({{"a", "x"}, {"t", large_text}, {"new", "y"}}).ok());
  EXPECT_TRUE(world.cache->del("u").ok());
  world.clock.advance(1s);
}
void write_some_and_refuse(World& world) {
  write_some(world);
  for (const char* key : {"s", "u"}) world.store->fail_writes_of(key, {support::Fault::kNever});
  world.letters_due = {{"s", long_text}, {"u", ""}};
}
constexpr Row kBack[] = {
    {"set, written back", Kind::kBack, CALL(set("s", long_text))},
    {"set of a large value, written back", Kind::kBack, CALL(set("s", large_text))},
    {"set of what is dirty", Kind::kBack, CALL(set("s", "x")), write_some},
    {"append, written back", Kind::kBack, CALL(append("s", large_text))},
    {"del, written back", Kind::kBack, CALL(del("s"))},
    {"mset, written back", Kind::kBack, CALL(mset({{"a", "x"}, {"s", large_text}, {"new", "y"}}))},
    {"mset of what is dirty", Kind::kBack, CALL(mset({{"a", "z"}, {"s", "z"}, {"t", "z"}})), write_some},
    {"copy, written back", Kind::kBack, CALL(copy("s", "new", true))},
    {"get of what is dirty", Kind::kBack, CALL(get("new")),
     [](World& w) {
       write_some(w);
       EXPECT_TRUE(w.cache->clear().ok());
     }},
    {"flush", Kind::kBack, DO(flush(Milliseconds(0))), write_some, kAlwaysWorks},
    {"flush, and the store refuses", Kind::kBack, DO(flush(Milliseconds(0))), write_some_and_refuse,
     kAlwaysWorks | kInParts},
    {"flush of a key", Kind::kBack, DO(flush("t", Milliseconds(0))), write_some, kAlwaysWorks},
    {"flush that waits", Kind::kBack, DO(flush(Milliseconds(20))), write_some, kAlwaysWorks},
    {"tick that writes", Kind::kBack, DO(tick()), write_some, kAlwaysWorks},
};
TEST_F(EachCall, WritesBack) { run(kBack); }

// A cache that is not made leaves nothing behind; which the sanitizer sees.
TEST_F(EachCall, IsMadeOrNot) {
  Options options;
  options.max_memory = 16_MiB;
  options.size_advice = true;
  options.hot_keys = 10;
  options.background_thread = true;
  options.on_removal = [](std::string_view, std::string_view, RemovalCause) {};
  options.store.backing = std::make_shared<WellFed<support::ScriptedStore>>();
  options.store.writes = StoreOptions::Writes::kBack;
  options.store.write_back.dead_letters = [](const DeadLetter&) {};
  options.store.write_back.threads = 3;
  for (const bool opens : {false, true}) {
    for (const bool all_later : {false, true}) {
      bool met = true;
      for (std::uint64_t n = 1; met; ++n) {
        doing = "a new cache, allocation " + std::to_string(n);
        SCOPED_TRACE(doing);
        ErrorCode code = ErrorCode::kOk;
        {
          const FailNth failing(n, all_later);
          code = try_call([&]() -> Status {
            if (opens) return Cache::open(options).status();
            const Cache cache(options);
            return {};
          });
          met = failing.met();
        }
        EXPECT_EQ(code, met ? ErrorCode::kOutOfMemory : ErrorCode::kOk);
      }
    }
  }
}

// What ends a cache of write-back never throws, and each write is in the store or a dead letter; those that nobody
// takes the first time are handed over the next.
TEST_F(EachCall, EndsAndLosesNothing) {
  using support::Fault;
  struct Case {
    const char* name;
    void (*end)(World&);
    std::initializer_list<Fault> faults;
    int sink_failures;
  };
  const auto close = [](World& w) { w.cache->close(Milliseconds(0)); };
  const auto destroy = [](World& w) { w.cache.reset(); };
  const std::initializer_list<Fault> fails = {Fault::kRetry, Fault::kRetry, Fault::kRetry, Fault::kRetry};
  const Case cases[] = {{"close", close, {}, 0},
                        {"close, and the store fails", close, fails, 0},
                        {"close, and nobody takes some", close, fails, 3},
                        {"the destructor", destroy, {}, 0},
                        {"the destructor, and the store fails", destroy, fails, 0}};
  for (const Case& one : cases) {
    for (const bool all_later : {false, true}) {
      bool met = true;
      for (std::uint64_t n = 1; met; ++n) {
        doing = std::string(one.name) + ", allocation " + std::to_string(n) + (all_later ? " and all later ones" : "");
        SCOPED_TRACE(doing);
        World world(Kind::kBack);
        write_some(world);
        world.cache->set("s", "x");
        world.store->fail_writes(one.faults);
        world.sink_failures = one.sink_failures;
        ErrorCode code = ErrorCode::kOk;
        {
          const FailNth failing(n, all_later);
          code = try_call([&] { return one.end(world), ErrorCode::kOk; });
          met = failing.met();
        }
        EXPECT_EQ(code, ErrorCode::kOk);
        world.cache.reset();
        const std::map<std::string, std::string> wrote = {
            {"a", "x"}, {"new", "y"}, {"s", "x"}, {"t", large_text}, {"u", ""}};
        for (const auto& [key, value] : wrote) {
          const std::string row = world.store->row(key);
          EXPECT_NE(row == (value.empty() ? "(none)" : value), world.letters.contains(key)) << key;
          EXPECT_EQ(world.letters.contains(key) ? world.letters[key] : value, value) << key;
        }
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// Who waits for a load gets what its leader gets.
TEST(LoadWithoutMemory, IsOutOfMemoryForAllWhoAsk) {
  RefusingAllocator allocator;
  World world(Kind::kRead, &allocator);
  Cache& cache = *world.cache;
  ErrorCode waiting = ErrorCode::kOk;
  std::jthread waiter;
  const auto ask = [&](auto&& call) {
    const Plenty plenty;
    const std::uint64_t joined = cache.stats().loads_joined;
    waiter = std::jthread([&, call] { waiting = try_call(call); });
    EXPECT_TRUE(support::wait_until([&] { return cache.stats().loads_joined != joined; }));
  };
  const auto get = [&] { return cache.get("u"); };
  const auto load = [&] { return cache.get_or_load("new", [] { return "not this"; }); };
  const auto lead = [&] {
    return cache.get_or_load("new", [&] {
      const Plenty plenty;
      ask(load);
      return large_text;
    });
  };
  world.store->put("u", {.bytes = large_text});
  world.store->before_load = [&](std::string_view key) {
    if (key == "u") ask(get);
  };
  world.store->after_load = [&](std::string_view) { allocator.refuses = true; };
  EXPECT_EQ(code_of(get()), ErrorCode::kOutOfMemory);
  waiter.join();
  EXPECT_EQ(waiting, ErrorCode::kOutOfMemory);
  allocator.refuses = false;
  world.store->after_load = nullptr;
  for (const bool reads : {true, false}) {
    for (std::uint64_t n = 1;; ++n) {
      const FailNth failing(n, false);
      const ErrorCode code = reads ? try_call(get) : try_call(lead);
      const bool met = failing.met();
      if (waiter.joinable()) waiter.join();
      if (!met) break;
      // It may be that only the leader's own copy fails.
      EXPECT_TRUE(code == ErrorCode::kOutOfMemory || code == ErrorCode::kOk) << n;
      EXPECT_TRUE(waiting == ErrorCode::kOutOfMemory || waiting == ErrorCode::kOk) << n << to_string(waiting);
      for (const char* key : {"u", "new"}) EXPECT_TRUE(cache.invalidate(key).ok());
    }
  }
}

}  // namespace
}  // namespace larder::out_of_memory
