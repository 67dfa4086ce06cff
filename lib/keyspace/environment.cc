// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/environment.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/random.h"

namespace larder::keyspace {
namespace {

constexpr std::int64_t kDriftMs = 5;

Status out_of_range() {
  return {ErrorCode::kInvalidExpireTime, "the expire time is beyond what can be kept (about 4,000 years)"};
}

std::int64_t limit_of(std::uint64_t max) {
  return max == 0 ? memory::Limit::kUnbounded : static_cast<std::int64_t>(max);
}

// Sequences go on where another process has ended, as time does: four billion of them for each second since 2020, so
// that they fit into 63 bits. Within its second each cache begins at random: of two caches over one store none takes
// the other's write for its own.
std::unique_ptr<store::FencedStore> make_store(const Options& options) {
  constexpr std::int64_t k2020 = 1'577'836'800;
  if (!options.store.backing) return nullptr;
  Clock& clock = options.clock == nullptr ? Clock::system() : *options.clock;
  const auto second = static_cast<std::uint64_t>(std::max<std::int64_t>(clock.unix_time().count() / 1'000 - k2020, 0));
  return std::make_unique<store::FencedStore>(options.store, (second << 32) + (base::unpredictable_seed() >> 32) + 1);
}

// Times of 256 ms, as of all that it is told.
std::unique_ptr<advice::Advisor> make_advisor(const Options& options, const Environment& environment) {
  if (!options.size_advice && !options.policy_advice) return nullptr;
  const auto idle = (options.expiry.idle.count() + 255) >> 8;
  return std::make_unique<advice::Advisor>(options.eviction, environment.shared_bytes(options.eviction),
                                           advice::Questions{options.size_advice, options.policy_advice},
                                           static_cast<std::uint32_t>(std::min<std::int64_t>(idle, 1 << 30)));
}

}  // namespace

const memory::Limit* Environment::nearer_bound() const noexcept {
  const memory::Limit& bytes = account.bytes();
  if (!entries.bounded()) return bytes.bounded() ? &bytes : nullptr;
  return bytes.bounded() && bytes.share_used() > entries.share_used() ? &bytes : &entries;
}

// A sixteenth of the bound at most.
std::size_t Environment::shared_bytes(const Eviction& eviction) const noexcept {
  return eviction.shared_bytes(static_cast<std::size_t>(account.bytes().max() / 16));
}

Environment::Environment(const Options& options, memory::Account& its_account)
    : hash(options.seed == 0 ? base::KeyHash::unpredictable() : base::KeyHash(options.seed)),
      account(its_account),
      slack(account),
      entries(limit_of(options.max_entries)),
      expiry(options.expiry),
      listener(options.on_removal),
      store(make_store(options)),
      advisor(make_advisor(options, *this)),
      hot_keys(options.hot_keys == 0 ? nullptr : std::make_unique<advice::HotKeys>(options.hot_keys)),
      keeps_freshness(store != nullptr && (options.store.max_age.count() > 0 || options.store.check_versions)),
      max_age_ms(store == nullptr ? 0 : static_cast<std::uint64_t>(options.store.max_age.count())),
      stale_ms(static_cast<std::uint64_t>(options.store.staleness.stale_for.count())),
      refresh_ahead_ms(static_cast<std::uint64_t>(options.store.staleness.refresh_ahead.count())),
      seed(options.seed == 0 ? base::unpredictable_seed() : options.seed),
      value_bytes_max(options.value_bytes_max),
      weigh_entries(options.max_memory == 0 && options.max_entries != 0),
      clock_(options.clock == nullptr ? Clock::system() : *options.clock),
      origin_ns_(clock_.monotonic().count() - 1'000'000),
      unix_offset_(clock_.unix_time().count() - 1),
      jitter_state_(seed ^ 0x6a09e667f3bcc909ULL) {
  set_small_limits(options.compact);
}

Environment::Environment(Environment& parent)
    : hash(parent.hash),
      account(parent.account),
      slack(account),
      entries(memory::Limit::kUnbounded),
      expiry{.idle = Milliseconds(0), .ttl_jitter = parent.expiry.ttl_jitter},
      keeps_freshness(false),
      max_age_ms(0),
      stale_ms(0),
      refresh_ahead_ms(0),
      seed(parent.jitter_state_.fetch_add(0x9e3779b97f4a7c15ULL, std::memory_order_relaxed)),
      value_bytes_max(parent.value_bytes_max),
      weigh_entries(false),
      clock_(parent.clock_),
      origin_ns_(parent.origin_ns_),
      coarse_now_(parent.coarse_now()),
      unix_offset_(parent.unix_offset()),
      jitter_state_(seed ^ 0x6a09e667f3bcc909ULL) {
  set_small_limits(parent.compact_limits());
}

void Environment::set_small_limits(const CompactLimits& limits) noexcept {
  const auto set = [&](EntryType type, std::uint64_t items, std::uint32_t item_bytes) {
    small_limits_[static_cast<std::size_t>(type)].store(items << 32 | item_bytes, std::memory_order_relaxed);
  };
  set(EntryType::kHash, limits.hash_max_listpack_entries, limits.hash_max_listpack_value);
  set(EntryType::kList, collections::kPackedBytesMax, collections::kPackedBytesMax);
  set(EntryType::kSet, limits.set_max_intset_entries, collections::kPackedBytesMax);
  set(EntryType::kSortedSet, limits.zset_max_listpack_entries, limits.zset_max_listpack_value);
}

CompactLimits Environment::compact_limits() const noexcept {
  const collections::SmallLimits of_hashes = small_limits(EntryType::kHash);
  const collections::SmallLimits of_sorted_sets = small_limits(EntryType::kSortedSet);
  return {of_hashes.entries, of_hashes.item_bytes, small_limits(EntryType::kSet).entries, of_sorted_sets.entries,
          of_sorted_sets.item_bytes};
}

Status Environment::value_too_large(std::uint64_t bytes) const {
  return {ErrorCode::kValueTooLarge, "a value of " + std::to_string(bytes) + " bytes: at most " +
                                         std::to_string(most_bytes_a_value()) +
                                         " are allowed, by value_bytes_max and as an eighth of max_memory"};
}

std::uint64_t Environment::now() noexcept {
  const std::uint64_t ms = ms_of(clock_.monotonic());
  if (ms != coarse_now_.load(std::memory_order_relaxed)) coarse_now_.store(ms, std::memory_order_relaxed);
  return ms;
}

Result<std::uint64_t> Environment::deadline_in(Milliseconds ttl) {
  if (ttl.count() <= 0) return Status(ErrorCode::kInvalidExpireTime, "a time to live must be positive");
  if (static_cast<std::uint64_t>(ttl.count()) > kDeadlineMax) return out_of_range();
  return now() + static_cast<std::uint64_t>(ttl.count());
}

std::int64_t Environment::unix_offset() noexcept {
  const std::int64_t offset = clock_.unix_time().count() - static_cast<std::int64_t>(now());
  const std::int64_t kept = unix_offset_.load(std::memory_order_relaxed);
  if (std::llabs(offset - kept) <= kDriftMs) return kept;
  unix_offset_.store(offset, std::memory_order_relaxed);
  return offset;
}

Result<std::uint64_t> Environment::deadline_at(std::int64_t unix_ms) {
  const auto now_ms = static_cast<std::int64_t>(now());
  const std::int64_t offset = unix_offset();
  if (unix_ms <= now_ms + offset) return std::uint64_t{0};
  std::int64_t deadline = 0;
  if (__builtin_sub_overflow(unix_ms, offset, &deadline)) return out_of_range();
  if (deadline - now_ms > static_cast<std::int64_t>(kDeadlineMax)) return out_of_range();
  return static_cast<std::uint64_t>(deadline);
}

std::int64_t Environment::unix_of(std::uint64_t deadline) noexcept {
  return static_cast<std::int64_t>(deadline) + unix_offset();
}

std::uint64_t Environment::end_of(const StoredValue& value) {
  if (!value.expires_at) return Entry::kNoDeadline;
  return deadline_at(value.expires_at->time_since_epoch().count()).value_or(Entry::kNoDeadline);
}

Freshness Environment::freshness_from_now(std::uint64_t end) noexcept {
  if (max_age_ms == 0) return {Entry::kNoDeadline, 0};
  const std::uint64_t age = static_cast<std::uint64_t>(jittered(Milliseconds(max_age_ms)).count());
  const std::uint64_t until = std::min(now() + age, end);
  return {until, stale_ms == 0 ? 0 : std::min(until + stale_ms, end)};
}

Milliseconds Environment::jittered(Milliseconds ttl) noexcept {
  if (expiry.ttl_jitter <= 0.0 || ttl.count() <= 1) return ttl;
  const auto span = static_cast<std::uint64_t>(static_cast<double>(ttl.count()) * expiry.ttl_jitter);
  if (span == 0) return ttl;
  const std::uint64_t step = jitter_state_.fetch_add(0x9e3779b97f4a7c15ULL, std::memory_order_relaxed);
  const auto shortened = ttl.count() - static_cast<std::int64_t>(base::mix64(step) % (span + 1));
  return Milliseconds(shortened > 0 ? shortened : 1);
}

}  // namespace larder::keyspace
