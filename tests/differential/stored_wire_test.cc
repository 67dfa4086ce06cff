// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on collections, over the wire, to an endpoint whose cache has a store behind it and forgets at random, and
// to a real redis-server, which knows of no store: CONTRACTS T4, and with write-back W1, W2 and W10. In one of three
// caches no collection of more than a few items is kept: each command loads it, and writes what it makes of it to the
// store.
#include <gtest/gtest.h>

#include "differential/collection_lines.h"
#include "differential/wire_comparison.h"
#include "support/depth.h"
#include "support/is_well.h"

namespace larder::differential {
namespace {

using Writes = StoreOptions::Writes;

enum class Keeps { kAll, kLittle, kSmallOnes };
struct Mode {
  const char* name;
  Writes writes;
  Keeps keeps;
};

// Forgets, and with write-back writes some of what waits, a part of which fails.
class Disturbance {
 public:
  Disturbance(std::shared_ptr<support::ScriptedStore> store, bool writes_back)
      : store_(std::move(store)), writes_back_(writes_back) {}

  void operator()(Cache& cache) {
    using support::Fault;
    constexpr Fault kFaults[] = {Fault::kNone, Fault::kNone,   Fault::kRetry,      Fault::kLost,
                                 Fault::kLate, Fault::kThrows, Fault::kFailsWhole, Fault::kFirstOnly};
    if (random_() % 8 == 0) (void)cache.clear();
    if (random_() % 4 == 0) (void)cache.invalidate("k" + std::to_string(random_() % 4));
    if (!writes_back_ || random_() % 4 != 0) return;
    store_->fail_writes({kFaults[random_() % std::size(kFaults)]});
    (void)cache.flush(Milliseconds(0));
    store_->fail_no_writes();  // what is written through would tell
  }

 private:
  std::shared_ptr<support::ScriptedStore> store_;
  bool writes_back_;
  std::mt19937_64 random_{1};
};

Behind behind(const Mode& mode) {
  Behind behind;
  behind.store = std::make_shared<support::ScriptedStore>();
  Options& options = behind.options;
  options.seed = 1;
  options.shards = 4;
  options.max_memory = mode.keeps == Keeps::kLittle ? 512_KiB : 0;
  if (mode.keeps == Keeps::kSmallOnes) options.value_bytes_max = 600;
  options.store.backing = behind.store;
  options.store.writes = mode.writes;
  WriteBackOptions& back = options.store.write_back;
  back.threads = 0;
  back.batch_max = 4;
  back.attempts_max = ~0u;
  back.breaker_failures = 0;
  back.retry_first = back.retry_most = Milliseconds(1);
  back.dead_letters = [](const DeadLetter&) { ADD_FAILURE() << "a dead letter"; };
  behind.before_step = Disturbance(behind.store, mode.writes == Writes::kBack);
  return behind;
}

class StoredWire : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override { ASSERT_EQ(comparison_.failure(), ""); }
  WireComparison comparison_{2, behind(GetParam())};
};

TEST_P(StoredWire, T4CollectionsAreAsIfNothingWereForgotten) {
  using MakeLine = Words (*)(LineChoices&);
  constexpr MakeLine kFamilies[] = {hash_line, set_line, list_line, sorted_set_line};
  const std::uint64_t first = support::seed(1);
  const std::uint64_t sequences = support::seed_is_given() ? 1 : support::count(40, 800);
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    LineChoices choices(seed);
    std::vector<Words> lines;
    for (int i = 0; i < 500; ++i) {
      lines.push_back(choices.one_in(5)    ? move_line(choices)
                      : choices.one_in(15) ? key_line(choices)
                                           : kFamilies[seed % 4](choices));
    }
    ASSERT_TRUE(support::is_well(compare_and_explain(comparison_, lines))) << support::how_to_repeat(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, StoredWire,
                         testing::Values(Mode{"through", Writes::kThrough, Keeps::kAll},
                                         Mode{"through_little_memory", Writes::kThrough, Keeps::kLittle},
                                         Mode{"through_small_ones", Writes::kThrough, Keeps::kSmallOnes},
                                         Mode{"back", Writes::kBack, Keeps::kAll},
                                         Mode{"back_little_memory", Writes::kBack, Keeps::kLittle},
                                         Mode{"back_small_ones", Writes::kBack, Keeps::kSmallOnes}),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace larder::differential
