// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How entries of a shard end: by their own time, by not being used, by being fresh no longer.
#include <algorithm>

#include "keyspace/shard.h"

namespace larder::keyspace {

std::uint64_t Shard::idle_until(const Entry& entry) const noexcept {
  if (!entry.has_idle()) return Entry::kNoDeadline;
  return entry.last_use() + static_cast<std::uint64_t>(environment_.expiry.idle.count());
}

std::uint64_t Shard::ages_until(const Entry& entry) const noexcept {
  if (entry.has_freshness() && entry.stale()) return entry.stale_until();
  return std::min(fresh_until(entry), idle_until(entry));
}

RemovalCause Shard::end_cause(const Entry& entry) const noexcept {
  return idle_until(entry) < fresh_until(entry) && !entry.stale() ? RemovalCause::kIdle : RemovalCause::kExpired;
}

bool Shard::outlives(const Place& place, std::uint64_t hash, Discards& discards) noexcept {
  const Entry& entry = *place.entry();
  if (entry.deadline() == Entry::kNoDeadline) return true;
  if (!environment_.reached(expires_at(entry))) return true;
  if (entry.latched()) return false;
  if (turns_stale(entry, environment_.now())) {
    turn_stale(place, id_of(hash));
    return true;
  }
  remove(place, id_of(hash), end_cause(entry), discards);
  return false;
}

// It is a ghost from now on.
void Shard::turn_stale(const Place& place, EntryId id) noexcept {
  Entry& entry = *place.entry();
  const std::uint64_t old_deadline = entry.deadline();
  count_end_out(entry);
  entry.set_stale(true);
  entry.set_fresh_until(0);
  entry.set_deadline(entry.stale_until());
  ++ghosts_;
  count_end_in(entry);
  rearm(place, id, old_deadline);
  changed(id, entry.key(), RemovalCause::kExpired);
}

void Shard::renew(const Place& place, std::uint64_t hash) noexcept {
  Entry& entry = *place.entry();
  const std::uint64_t old_deadline = entry.deadline();
  const std::uint64_t version = entry.version();
  count_end_out(entry);
  if (entry.stale()) --ghosts_;
  start_clock(entry, entry.logical_end());
  entry.set_version(version);
  count_end_in(entry);
  rearm(place, id_of(hash), old_deadline);
}

// Writes when an entry ends, and when the wheel is to look at it. Does not arm it.
void Shard::start_clock(Entry& entry, std::uint64_t end) noexcept {
  entry.set_refreshed(false);
  if (!entry.ages()) {
    if (entry.has_deadline()) entry.set_deadline(end);
    return;
  }
  if (entry.has_idle()) {
    entry.set_last_use(environment_.now());
    entry.set_end(end);
  }
  if (entry.has_freshness()) {
    const Freshness fresh = environment_.freshness_from_now(end);
    entry.set_stale(false);
    entry.set_logical_end(end);
    entry.set_fresh_until(fresh.until);
    entry.set_stale_until(fresh.stale_until);
    entry.set_version(0);
  }
  if (entry.has_deadline()) entry.set_deadline(expires_at(entry));
}

void Shard::arm(const Place& place, EntryId id) noexcept {
  Entry& entry = *place.entry();
  if (first_far_ == expiry::TimingWheel::kNever && !filing_) {
    far_from_ = std::max(far_from_, environment_.coarse_now() + horizon_ms());
  }
  if (entry.deadline() >= far_from_) {
    first_far_ = std::min(first_far_, entry.deadline());
    return;
  }
  expiry::Timer timer{entry.deadline(), entry.timer_mark()};
  wheel_.arm(id, timer);
  entry.set_timer_mark(timer.mark);
}

void Shard::find(std::uint32_t id, FunctionRef<bool(expiry::Timer&)> visit) {
  index_.find_id(id, [&](const Place& place) {
    Entry& entry = *place.entry();
    if (entry.deadline() == Entry::kNoDeadline || !is_meant(place, id)) return false;
    expiry::Timer timer{entry.deadline(), entry.timer_mark()};
    const bool done = visit(timer);
    entry.set_timer_mark(timer.mark);
    return done;
  });
}

void Shard::fire(std::uint32_t id, std::uint64_t now) {
  index_.find_id(id, [&](const Place& place) {
    Entry& entry = *place.entry();
    const std::uint64_t end = entry.deadline() > now ? Entry::kNoDeadline : expires_at(entry);
    if (end == Entry::kNoDeadline || !is_meant(place, id)) return false;
    if (end <= now && !entry.latched()) {
      if (turns_stale(entry, now)) turn_stale(place, id);
      return false;
    }
    // It was used meanwhile; or it is latched, and its time comes again with the next millisecond.
    entry.set_deadline(end);
    arm(place, id);
    return false;
  });
  const auto remove_one = [&](const Place& place) {
    Entry& entry = *place.entry();
    if (entry.deadline() > now || entry.latched()) return false;
    remove(place, id, cause_of(entry, RemovalCause::kExpired), *evicting_into_);
    return true;
  };
  while (index_.find_id(id, remove_one)) {
  }
}

// Walks over all entries, arms those that may have no timer, and removes those whose time has come.
std::uint32_t Shard::file_timers(std::uint64_t now, std::uint32_t budget, Discards& discards) noexcept {
  if (!filing_) {
    filing_ = true;
    filing_cursor_ = 0;
    no_walk_before_ = now + 1 + index_.size() / kEntriesAMs;
    filed_before_ = std::min(far_from_, wheel_.first_lost());
    far_from_ = now + horizon_ms();
    first_far_ = expiry::TimingWheel::kNever;
    wheel_.forget_lost();
  }
  const auto is_due = [&](const Entry& entry) { return expires_at(entry) <= now && !entry.latched(); };
  std::uint32_t looked = 0;
  while (looked < budget && filing_) {
    if (index_.buckets() != 0) {
      index_.for_bucket(index_.bucket_of_cursor(filing_cursor_), [&](const Place& place) {
        ++looked;
        Entry& entry = *place.entry();
        const std::uint64_t deadline = entry.deadline();
        // The wheel has fired all that was due: an entry that was, and goes on, has no timer.
        const bool filed = deadline > now && deadline < filed_before_;
        if (deadline == Entry::kNoDeadline || filed) return;
        const EntryId id = id_of(index_.hash_of(entry));
        if (is_due(entry)) {
          if (turns_stale(entry, now)) turn_stale(place, id);
          return;
        }
        if (entry.ages()) entry.set_deadline(expires_at(entry));
        arm(place, id);
      });
      remove_some(&filing_cursor_, 1, RemovalCause::kExpired, is_due, discards);
    }
    ++looked;
    filing_ = filing_cursor_ != 0;
  }
  return looked;
}

std::uint32_t Shard::expire(std::uint64_t now, std::uint32_t budget, Discards& discards) noexcept {
  evicting_into_ = &discards;
  std::uint32_t looked = wheel_.advance(now, budget);
  evicting_into_ = nullptr;
  while (looked < budget && must_file_timers(now)) looked += file_timers(now, budget - looked, discards);
  return timers_due(now) ? std::max(looked, budget) : looked;
}

}  // namespace larder::keyspace
