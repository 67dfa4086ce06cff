// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What who advises on the size of the cache and its policy is told of a shard: see advice/advisor.h. Called for keys of
// its sample, and for others of one id in 65,536. And what who names the hot keys is told (advice/hot_keys.h): of one
// use in so many, at random, as traffic may have a period.
#include <algorithm>

#include "keyspace/shard.h"

namespace larder::keyspace {
namespace {

// Times of 256 ms, from 1 on. 0: never.
std::uint32_t coarse(std::uint64_t ms) noexcept {
  const std::uint64_t time = (ms >> 8) + 1;
  return time > 0xffff'ffff ? 0 : static_cast<std::uint32_t>(time);
}

constexpr std::uint64_t kUsesASample = 64;  // on average

// The share of the bound that is used, above 0.
double fill_of(const Environment& environment) noexcept {
  const memory::Limit* bound = environment.nearer_bound();
  return std::max(1e-9, bound == nullptr ? 0 : bound->share_used());
}

}  // namespace

void Shard::tell_advisor() noexcept {
  advice::Advisor* advisor = environment_.advisor.get();
  if (advisor == nullptr) return;
  const advice::Counts now{hits, misses, tracked_, tracked_weight_};
  advisor->count(told_, now, fill_of(environment_));
  told_ = now;
  unadvised_ = advisor->unsampled();
}

// Whether it is of the sample, and the policy has it: what is said of an entry is said of those only. Of what stands
// for another value that is still to come a look-up is a miss.
bool Shard::advises_on(const Place& place, EntryId id) noexcept {
  tell_advisor();
  const Entry& entry = *place.entry();
  const bool is_hit = !entry.stale() && entry.type() != EntryType::kFailed;
  return environment_.advisor != nullptr && is_advised(id) && tracks(entry) && is_hit;
}

void Shard::advise_found(const Place& place, EntryId id) noexcept {
  if (!advises_on(place, id)) return;
  const Entry& entry = *place.entry();
  environment_.advisor->found({id, advice_salt_}, weight_of(entry, footprint_of(entry)), coarse(end_of(entry)),
                              coarse(environment_.coarse_now()));
}

void Shard::advise_missed(EntryId id) noexcept {
  tell_advisor();
  if (environment_.advisor == nullptr || !is_advised(id)) return;
  environment_.advisor->missed({id, advice_salt_}, coarse(environment_.coarse_now()));
}

void Shard::advise_came(const Place& place, EntryId id) noexcept {
  if (!advises_on(place, id)) return;
  const Entry& entry = *place.entry();
  environment_.advisor->came({id, advice_salt_}, weight_of(entry, footprint_of(entry)), coarse(end_of(entry)),
                             coarse(environment_.coarse_now()));
}

void Shard::advise_written(const Place& place, EntryId id) noexcept {
  if (!advises_on(place, id)) return;
  const Entry& entry = *place.entry();
  environment_.advisor->written({id, advice_salt_}, weight_of(entry, footprint_of(entry)), coarse(end_of(entry)),
                                coarse(environment_.coarse_now()));
}

void Shard::advise_ends(const Place& place, EntryId id) noexcept {
  if (!advises_on(place, id)) return;
  const Entry& entry = *place.entry();
  environment_.advisor->changed({id, advice_salt_}, weight_of(entry, footprint_of(entry)), coarse(end_of(entry)));
}

void Shard::advise_removed(EntryId id) noexcept {
  if (environment_.advisor != nullptr) environment_.advisor->removed({id, advice_salt_});
}

void Shard::sample_use(std::uint64_t hash, std::string_view key) noexcept {
  if (environment_.hot_keys != nullptr) environment_.hot_keys->used(hash, key);
  choose_next_use();
}

void Shard::choose_next_use() noexcept {
  const bool samples = environment_.hot_keys != nullptr;
  uses_to_sample_ = samples ? static_cast<std::uint32_t>(1 + random_.below(2 * kUsesASample - 1)) : 0;  // 0: 2^32
}

}  // namespace larder::keyspace
