// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Values that are made when they are missing, once for any number of callers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/function_ref.h"
#include "larder/keys.h"
#include "larder/staleness.h"
#include "larder/status.h"

namespace larder {

namespace loading {
class SingleFlight;
}

// What a loader found. Converts from the bytes, from std::nullopt (there is nothing), from a Status (the load failed;
// an ok one: there is nothing), and from what may hold any of these. With a time to live of its own:
//
//     larder::Loaded loaded(row.text);
//     loaded.ttl = row.fresh_for;
//     return loaded;
struct Loaded {
  Loaded(std::string found) : value(std::move(found)) {}
  Loaded(std::string_view found) : value(found) {}
  Loaded(const char* found) {  // null: there is nothing
    if (found != nullptr) value = found;
  }
  Loaded(std::nullopt_t) {}
  Loaded(Status failure) : error(std::move(failure)) {}
  Loaded(std::optional<std::string> found) : value(std::move(found)) {}
  Loaded(Lookup<std::string> found) : error(found.status()) {
    if (found) value = *std::move(found);
  }
  Loaded(Result<std::string> found) : error(found.status()) {
    if (found) value = *std::move(found);
  }

  std::optional<std::string> value;
  Status error;
  // Wins over LoadOptions::ttl, or where there is nothing over negative_ttl. Zero or less: it is not stored.
  std::optional<Milliseconds> ttl = {};
};

struct LoadOptions {
  // Of the value that is stored; none: it does not expire. kInvalidExpireTime, and nothing is loaded, if not from
  // 1 ms to about 4,000 years.
  std::optional<Milliseconds> ttl = {};
  // How long "there is nothing" and failures are remembered: callers within that time get a miss, or kLoadFailed, with
  // no new load. Zero: not at all. What is remembered is an entry like others, of max_memory and for eviction
  // (stats().entries_negative), which only get_or_load sees. Jitter shortens these times, too.
  Milliseconds negative_ttl{0};
  Milliseconds error_ttl{0};
  // How long a caller waits for another caller's load before it gets kTimeout, by Options::clock (a ManualClock must be
  // advanced, by another thread). Zero: without limit. The load goes on.
  Milliseconds wait_max{0};
  // What becomes of the value when `ttl` is over: nothing, by default. Otherwise it is kept for so long, for callers of
  // get_or_load who allow that, too; for every other function it is not there. A caller whose turn it is to load, or to
  // refresh ahead, does so in its own thread; others have what there is meanwhile.
  Staleness staleness = {};
  // No time but ttl may be negative: kInvalidArgument, and nothing is loaded.
};

class Loading {
 public:
  // The value if it is there; otherwise runs `load`, stores what it gives, and returns it. However many callers ask for
  // a missing key at once, one of them runs its loader and all get that answer.
  //
  // The loader runs in the calling thread, under no lock, and may call the cache. If it asks for the key it is loading
  // it gets kReentrantLoad, and kLoadDeadlock if loaders wait for each other in a circle. What it throws becomes
  // kLoaderThrew. A failure reaches every caller that waits, and nothing of it stays behind (but see error_ttl).
  // A write, deletion or invalidation of the key while the load runs wins: the callers get what was loaded, and it is
  // not stored. If the value cannot be stored (kOutOfMemory, kValueTooLarge) the callers get it all the same, and
  // stats().loads_not_stored counts it.
  //
  // Returns a miss if the loader found nothing. Blocks while another caller's loader runs.
  //
  // With a store behind (Options::store) the store is asked first, and the loader if it has no such key. What the
  // loader gives is kept here and not written to the store. Of LoadOptions, ttl and staleness are of what the loader
  // gives; what the store gives has max_age and a staleness of its own (StoreOptions), but it is this call's staleness
  // that says whether it takes an old value. negative_ttl: neither of them has it, and get_or_load asks neither again;
  // without it the store is spared for StoreOptions::negative_ttl, and the loader is asked. error_ttl: of both.
  template <typename Loader>
  Lookup<std::string> get_or_load(std::string_view key, Loader&& load, const LoadOptions& options = {}) {
    static_assert(
        std::is_constructible_v<Loaded, std::invoke_result_t<Loader&>>,
        "a loader takes nothing and returns what larder::Loaded can be made of: std::string, std::string_view, "
        "std::nullopt, std::optional<std::string>, larder::Status, larder::Lookup<std::string>, larder::Loaded");
    return load_through(
        key, [&]() -> Loaded { return Loaded(load()); }, options);
  }

  // The same for several keys; [i] is of keys[i]. `load` gets those that this call is to load, all at once, as a
  // std::span<const std::string_view>, and returns a std::vector<larder::Loaded> of as many answers, in that order;
  // kLoadFailed for all of them if it is another number. Keys that others are loading are waited for after that.
  template <typename BulkLoader>
  std::vector<Lookup<std::string>> get_or_load_many(const KeyList& keys, BulkLoader&& load,
                                                    const LoadOptions& options = {}) {
    static_assert(std::is_invocable_r_v<std::vector<Loaded>, BulkLoader&, std::span<const std::string_view>>,
                  "a bulk loader takes a std::span<const std::string_view> and returns a std::vector<larder::Loaded>");
    return load_many_through(keys, load, options);
  }

 protected:
  explicit Loading(loading::SingleFlight* flights) noexcept : flights_(flights) {}
  ~Loading() = default;
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  Lookup<std::string> load_through(std::string_view key, FunctionRef<Loaded()> load, const LoadOptions& options);
  std::vector<Lookup<std::string>> load_many_through(
      std::span<const std::string_view> keys, FunctionRef<std::vector<Loaded>(std::span<const std::string_view>)> load,
      const LoadOptions& options);
  loading::SingleFlight* flights_;
};

}  // namespace larder
