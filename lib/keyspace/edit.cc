// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Keyspace::edit: one change of one entry.
//
// An attempt runs under the shard's lock and ends in one of these:
//
//   done     the change was made, or refused
//   again    room was made in this shard, and places have moved: at once, under the same lock
//   free     what was evicted must be freed first: unlock, free, again
//   reclaim  this shard has no more to give: unlock, evict in others, again
//   wait     a long operation holds the key's latch: unlock, sleep until a latch is released, again
//   build    the new value is large: unlock, make the block for it (and where there was no entry, write it), again
//   fill     that block is there, and the new value keeps parts of the old: latch, unlock, write, lock, put in,
//   unlatch.
//            Readers see the old value meanwhile, other writers of the key wait. All memory was had before: under a
//            latch nothing is evicted, and no listener runs
//
// Between build and the next attempt anybody may change the key: then what was built is used if it fits still.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "keyspace/keyspace.h"
#include "keyspace/patches.h"

namespace larder::keyspace {
namespace {

// Bytes that may be written into a value under a lock: about a microsecond.
constexpr std::uint64_t kBytesAHold = 16 << 10;

// Room to grow, so that appending is O(1) amortised: as much again, at most 1 MiB.
std::uint64_t grown_capacity(std::uint64_t size) { return size + std::min<std::uint64_t>(size, 1 << 20); }

}  // namespace

class Editing {
 public:
  Editing(Keyspace& keyspace, std::string_view key, Keyspace::Decide decide)
      : keyspace_(keyspace),
        key_(key),
        hash_(keyspace.hash_of(key)),
        shard_(keyspace.shard_of(hash_)),
        decide_(decide) {}
  ~Editing() {
    if (built_ != nullptr) built_->release();
  }
  Editing(const Editing&) = delete;
  Editing& operator=(const Editing&) = delete;

  Status run() {
    for (;;) {
      std::uint32_t epoch = 0;
      Step step = Step::kAgain;
      {
        Discards discards(keyspace_.environment_, shard_.memory());
        base::MutexLock lock(shard_.mutex);
        epoch = shard_.latch_epoch();
        for (int attempt = 0; step == Step::kAgain && attempt < kAttemptsAHold; ++attempt) step = try_once(discards);
        if (step == Step::kDone) {
          if (change_.version != nullptr) *change_.version = shard_.version(id_of(hash_));
          shard_.housekeep(discards, id_of(hash_));
        }
      }
      if (replaced_ != nullptr) {
        replaced_->release();
        replaced_ = nullptr;
      }
      switch (step) {
        case Step::kDone: return std::move(status_);
        case Step::kAgain:
        case Step::kFree: break;
        case Step::kWait:
          if (Status status = keyspace_.wait_for_latch(shard_, epoch); !status.ok()) fail(std::move(status));
          break;
        case Step::kReclaim:
          if (!keyspace_.reclaim(keyspace_.shard_number(hash_), bytes_wanted_, entries_wanted_, &idle_)) {
            fail(keyspace_.out_of_memory());
          }
          break;
        case Step::kBuild: build(); break;
        case Step::kFill: write_built(); break;
      }
    }
  }

 private:
  enum class Step { kDone, kAgain, kFree, kReclaim, kWait, kBuild, kFill };
  static constexpr int kAttemptsAHold = 4;

  Step done(Status status = {}) {
    status_ = std::move(status);
    return Step::kDone;
  }
  // The next attempt ends with this error.
  void fail(Status status) { failure_ = std::move(status); }

  Step try_once(Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step finish_latched(Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step apply(Shard::Place place, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step replace(Shard::Place place, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step patch(Shard::Place place, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step set_end(const Shard::Place& place, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step put(Shard::Place place, const EntryShape& shape, std::size_t value_bytes, bool whole,
           FunctionRef<void(Entry&)> fill, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  EntryShape shape_for(EntryType type, bool external, bool with_end) const REQUIRES_LOCK(shard_.mutex);
  void note_source(Entry& entry) REQUIRES_LOCK(shard_.mutex);
  void forget_source(const Shard::Place& place) REQUIRES_LOCK(shard_.mutex);
  Step start_build(std::uint64_t size, std::uint64_t capacity, bool write);
  Step start_fill(const Shard::Place& place, std::uint64_t size, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  // Whether the room is there; otherwise *step says what to do.
  // `spares`: the key's own value, of which something stays, is not evicted.
  bool room(std::int64_t bytes, std::int64_t entries, bool spares, Discards& discards, Step* step)
      REQUIRES_LOCK(shard_.mutex);
  void build();
  void write_built();

  Keyspace& keyspace_;
  const std::string_view key_;
  const std::uint64_t hash_;
  Shard& shard_;
  const Keyspace::Decide decide_;

  Status status_;
  Status failure_;
  Change change_;
  std::int64_t bytes_wanted_ = 0;
  std::int64_t entries_wanted_ = 0;
  int idle_ = 0;  // see Keyspace::reclaim

  std::uint64_t build_size_ = 0;
  std::uint64_t build_capacity_ = 0;
  bool build_written_ = false;
  Blob* built_ = nullptr;
  bool written_ = false;      // built_ holds what the patches make of an empty value
  bool latched_ = false;      // by us: the entry is as it was when change_ was decided
  ValueCopy old_;             // its value
  Entry* holder_ = nullptr;   // the block that will hold built_, if the entry's own cannot
  Blob* replaced_ = nullptr;  // to be released after the lock
};

Editing::Step Editing::try_once(Discards& discards) {
  if (shard_.closed) {  // and the entry is gone, latched or not
    if (holder_ != nullptr) shard_.free_entry(std::exchange(holder_, nullptr));
    return done(Keyspace::closed());
  }
  if (latched_) return finish_latched(discards);
  if (!failure_.ok()) return done(std::move(failure_));
  Shard::Place place = shard_.find_any(hash_, key_);
  if (place && place.entry()->latched()) return Step::kWait;
  if (place && shard_.expired(*place.entry())) place = shard_.find(hash_, key_, discards);
  const Entry* entry = place && !place.entry()->is_ghost() ? place.entry() : nullptr;
  change_ = Change{};
  if (Status status = decide_(entry, change_); !status.ok()) return done(std::move(status));
  if (entry == nullptr && change_.kind == Change::Kind::kEnd) return done();
  if (!place && change_.kind == Change::Kind::kRemove) {
    shard_.works.overtake_load(key_);  // removing what is not there is a write, too
    return done();
  }
  return apply(place, discards);
}

Editing::Step Editing::apply(Shard::Place place, Discards& discards) {
  const bool ends_now = change_.end == Change::End::kSet && change_.ends_at <= keyspace_.environment_.coarse_now();
  switch (change_.kind) {
    case Change::Kind::kNothing: return done();
    case Change::Kind::kRemove: shard_.remove(place, id_of(hash_), RemovalCause::kDeleted, discards); return done();
    case Change::Kind::kEnd:
    case Change::Kind::kReplace:
      if (ends_now) {
        if (!place) {
          shard_.changed(id_of(hash_), key_);
        } else {
          shard_.remove(place, id_of(hash_), RemovalCause::kDeleted, discards);
        }
        return done();
      }
      return change_.kind == Change::Kind::kEnd ? set_end(place, discards) : replace(place, discards);
    case Change::Kind::kPatch: return patch(place, discards);
  }
  return done();
}

bool Editing::room(std::int64_t bytes, std::int64_t entries, bool spares, Discards& discards, Step* step) {
  if (shard_.has_room(bytes, entries)) return true;
  bytes_wanted_ = bytes;
  entries_wanted_ = entries;
  switch (shard_.make_room(bytes, entries, discards, spares ? std::optional(id_of(hash_)) : std::nullopt)) {
    case Room::kReady: *step = Step::kAgain; break;
    case Room::kFreeFirst: *step = Step::kFree; break;
    case Room::kNone: *step = Step::kReclaim; break;
  }
  return false;
}

// A new block: for a key that is not there, or in place of another. `whole`: the value is another one altogether.
Editing::Step Editing::put(Shard::Place place, const EntryShape& shape, std::size_t value_bytes, bool whole,
                           FunctionRef<void(Entry&)> fill, Discards& discards) {
  Step step = Step::kDone;
  const Footprint footprint = shard_.footprint_for(shape, key_.size(), value_bytes);
  if (!room(footprint.charge, place ? 0 : 1, !whole, discards, &step)) return step;
  Entry* entry =
      place || shard_.reserve(1, footprint.charge) ? shard_.new_entry(shape, footprint, key_, value_bytes) : nullptr;
  if (entry == nullptr) return done(keyspace_.out_of_memory());
  fill(*entry);
  const std::uint64_t end = change_.end_for(place && !place.entry()->is_ghost() ? place.entry() : nullptr);
  if (place) {
    const bool told = whole || place.entry()->is_ghost();
    shard_.replace(place, hash_, entry, end, told ? Shard::Old::kTold : Shard::Old::kMoved, discards);
  } else {
    shard_.add(hash_, entry, footprint, end);
  }
  note_source(*entry);
  return done();
}

EntryShape Editing::shape_for(EntryType type, bool external, bool with_end) const {
  EntryShape shape = shard_.shape_for(type, external, with_end);
  shape.freshness |= change_.stale_until != 0;
  return shape;
}

// After the entry's clock was started.
void Editing::note_source(Entry& entry) {
  if (!entry.has_freshness()) return;
  if (change_.stale_until != 0) entry.set_stale_until(change_.stale_until);
  entry.set_version(change_.store_version);
}

// A value was changed where it stands: it is not what was loaded, so it is not served when it has ended.
void Editing::forget_source(const Shard::Place& place) {
  if (place.entry()->has_freshness()) shard_.set_end(place, hash_, Shard::end_of(*place.entry()));
}

Editing::Step Editing::replace(Shard::Place place, Discards& discards) {
  const std::string_view value = change_.value;
  if (!keyspace_.environment_.value_fits(value.size())) {
    return done(keyspace_.environment_.value_too_large(value.size()));
  }
  Entry* old = place ? place.entry() : nullptr;
  const std::uint64_t end = change_.end_for(old != nullptr && !old->is_ghost() ? old : nullptr);
  const bool with_end = end != Entry::kNoDeadline;
  if (change_.outside != nullptr) {
    return put(
        place, shape_for(change_.type, true, with_end), 0, true,
        [&](Entry& entry) { entry.set_outside(std::exchange(*change_.outside, Outside())); }, discards);
  }
  if (value.size() > kInlineBytesMax) {  // the text of a number: a few thousand digits at most
    if (built_ == nullptr || built_->size != value.size()) return start_build(value.size(), value.size(), false);
    base::count_bytes(value.size());
    std::memcpy(built_->bytes(), value.data(), value.size());
    return put(
        place, shape_for(change_.type, true, with_end), 0, true,
        [&](Entry& entry) { entry.set_outside(Outside(std::exchange(built_, nullptr))); }, discards);
  }
  const bool in_place = old != nullptr && old->type() == change_.type && !old->stale() &&
                        (change_.stale_until == 0 || old->has_freshness()) && !keyspace_.environment_.listener &&
                        (!with_end || old->has_deadline()) && shard_.fits_block(*old, value.size());
  if (!in_place) {
    return put(
        place, shape_for(change_.type, false, with_end), value.size(), true,
        [&](Entry& entry) {
          if (!value.empty()) std::memcpy(entry.inline_bytes(), value.data(), value.size());
        },
        discards);
  }
  shard_.store_inline(place, hash_, value);
  if (!old->is_ghost()) shard_.count_replaced();
  if (end != Shard::end_of(*old) || old->has_freshness()) shard_.set_end(place, hash_, end);
  note_source(*old);
  return done();
}

Editing::Step Editing::patch(Shard::Place place, Discards& discards) {
  Entry* old = place && !place.entry()->is_ghost() ? place.entry() : nullptr;
  const std::uint64_t size = old == nullptr ? 0 : old->value().size();
  const std::uint64_t new_size = patched_size(size, change_.patches);
  if (!keyspace_.environment_.value_fits(new_size)) {
    return done(keyspace_.environment_.value_too_large(new_size));
  }
  const std::uint64_t work = patched_bytes(size, new_size, change_.patches);
  const bool with_end = change_.end_for(old) != Entry::kNoDeadline;
  if (new_size <= kInlineBytesMax) {
    std::array<char, kInlineBytesMax> bytes;
    if (size != 0) std::memcpy(bytes.data(), old->inline_value().data(), size);
    write_patches(bytes.data(), size, new_size, change_.patches);
    const std::string_view value(bytes.data(), new_size);
    if (old != nullptr && shard_.fits_block(*old, new_size)) {
      shard_.store_inline(place, hash_, value);
      forget_source(place);
      return done();
    }
    return put(
        place, shape_for(EntryType::kString, false, with_end), new_size, false,
        [&](Entry& entry) {
          if (!value.empty()) std::memcpy(entry.inline_bytes(), value.data(), value.size());
        },
        discards);
  }
  if (old != nullptr && old->external() && work <= kBytesAHold) {
    Blob& blob = *old->outside().blob();
    if (blob.unshared() && new_size <= blob.capacity) {
      write_patches(blob.bytes(), size, new_size, change_.patches);
      blob.size = new_size;
      shard_.changed_in_place(place, hash_);
      forget_source(place);
      return done();
    }
  }
  if (old != nullptr) {
    const std::uint64_t capacity = grown_capacity(new_size);
    const bool fits = built_ != nullptr && built_->capacity >= new_size && built_->capacity <= capacity;
    return fits ? start_fill(place, new_size, discards) : start_build(new_size, capacity, false);
  }
  if (!written_ || built_->size != new_size) return start_build(new_size, new_size, true);
  return put(
      place, shape_for(EntryType::kString, true, with_end), 0, false,
      [&](Entry& entry) { entry.set_outside(Outside(std::exchange(built_, nullptr))); }, discards);
}

Editing::Step Editing::set_end(const Shard::Place& place, Discards& discards) {
  const Entry& old = *place.entry();
  const std::uint64_t end = change_.end_for(&old);
  if (end == Entry::kNoDeadline && Shard::end_of(old) == Entry::kNoDeadline) {  // as it was: a use, and no change
    shard_.mark_use(place, hash_);
    return done();
  }
  if (old.has_deadline() || end == Entry::kNoDeadline) {
    shard_.set_end(place, hash_, end);
    shard_.changed_in_place(place, hash_);
    return done();
  }
  const std::size_t value_bytes = old.external() ? 0 : old.inline_value().size();
  return put(
      place, shape_for(old.type(), old.external(), true), value_bytes, false,
      [&](Entry& entry) { entry.copy_value(old); }, discards);
}

// --- Building a large value -----------------------------------------------------------------------------------------------

// `write`: the patches, too, on nothing.
Editing::Step Editing::start_build(std::uint64_t size, std::uint64_t capacity, bool write) {
  build_size_ = size;
  build_capacity_ = capacity;
  build_written_ = write;
  return Step::kBuild;
}

void Editing::build() {
  if (built_ != nullptr) built_->release();
  built_ = nullptr;
  written_ = false;
  Result<Blob*> blob = keyspace_.make_blob(hash_, build_size_, build_capacity_);
  if (!blob) {
    fail(blob.status());
    return;
  }
  built_ = *blob;
  if (build_written_) write_patches(built_->bytes(), 0, build_size_, change_.patches);
  written_ = build_written_;
}

Editing::Step Editing::start_fill(const Shard::Place& place, std::uint64_t size, Discards& discards) {
  if (discards.count() != 0) return Step::kFree;  // listeners are told of those first
  const Entry& entry = *place.entry();
  if (!entry.external()) {
    Step step = Step::kDone;
    const EntryShape shape = shape_for(EntryType::kString, true, Shard::end_of(entry) != Entry::kNoDeadline);
    const Footprint footprint = shard_.footprint_for(shape, key_.size(), 0);
    if (!room(footprint.charge, 0, true, discards, &step)) return step;
    holder_ = shard_.new_entry(shape, footprint, key_, 0);
    if (holder_ == nullptr) return done(keyspace_.out_of_memory());
  }
  old_.take(entry);
  built_->size = size;
  written_ = false;
  shard_.latch(place);
  latched_ = true;
  return Step::kFill;
}

void Editing::write_built() {
  const std::string_view old = old_.view();
  if (!old.empty()) std::memcpy(built_->bytes(), old.data(), old.size());
  write_patches(built_->bytes(), old.size(), built_->size, change_.patches);
}

// We hold the latch, and built_ is the new value.
Editing::Step Editing::finish_latched(Discards& discards) {
  const Shard::Place place = shard_.find_any(hash_, key_);
  LARDER_CHECK(place && place.entry()->latched(), "a latched entry was changed by somebody else");
  Entry& entry = *place.entry();
  if (entry.external()) {
    replaced_ = entry.outside().blob();
    shard_.swap_outside(place, hash_, Outside(std::exchange(built_, nullptr)));
    forget_source(place);
  } else {
    holder_->set_outside(Outside(std::exchange(built_, nullptr)));
    shard_.replace(place, hash_, std::exchange(holder_, nullptr), Shard::end_of(entry), Shard::Old::kMoved, discards);
  }
  latched_ = false;
  shard_.unlatch(shard_.find_any(hash_, key_));  // it may stand in another block now
  return Step::kDone;
}

Status Keyspace::edit_resident(std::string_view key, Decide decide) { return Editing(*this, key, decide).run(); }

}  // namespace larder::keyspace
