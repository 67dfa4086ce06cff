// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// keyspace::change; where a store stands behind: stored_change.h. Elsewhere, an attempt runs under the shard's lock, as
// in edit.cc, and edits what is there in one of four ways:
//
//   small      what fits into the entry is edited in a copy, and put back
//   in place   a large one that nobody else holds, by one edit: it is done, or nothing has changed
//   version    another one, which takes the place of the first when all edits are done
//   aside      the same for many edits, with the key's latch instead of the shard's lock. A key that is not there has
//              no latch: if somebody makes it meanwhile, all is done again
//
// Pages are taken from memory that was had before; if that was too little, all is done again with more.
#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "keyspace/stored_change.h"

namespace larder::keyspace {
namespace {

using collections::PageMemory;

// For an edit of a large collection: a few pages, and those that they are parted into. What it finds too little is
// doubled.
constexpr std::int64_t kPagesMin = 16 << 10;

template <typename Type>
class Changing {
 public:
  Changing(Keyspace& keyspace, std::string_view key, std::uint64_t edits, Work<Type> work)
      : keyspace_(keyspace),
        key_(key),
        hash_(keyspace.hash_of(key)),
        shard_(keyspace.shard_of(hash_)),
        edits_(edits),
        work_(work) {}
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

  Status run() {
    for (;;) {
      std::uint32_t epoch = 0;
      Step step = Step::kAgain;
      {
        PageMemory memory(keyspace_.environment().account, 0);
        Discards discards(keyspace_.environment(), shard_.memory());
        base::MutexLock lock(shard_.mutex);
        epoch = shard_.latch_epoch();
        step = aside_ ? finish_aside(discards) : try_once(memory, discards);
        shard_.memory().take_back(memory.take_left());
        if (step == Step::kDone) shard_.housekeep(discards, id_of(hash_));
      }
      if (replaced_) std::exchange(replaced_, Outside()).release();
      switch (step) {
        case Step::kDone:
          if (thrown_) std::rethrow_exception(thrown_);
          return std::move(status_);
        case Step::kAgain:
        case Step::kFree: break;
        case Step::kStartAnew: aside_.reset(); break;
        case Step::kWait: failure_ = keyspace_.wait_for_latch(shard_, epoch); break;
        case Step::kReclaim:
          if (keyspace_.reclaim(keyspace_.shard_number(hash_), bytes_wanted_, entries_wanted_, &idle_)) break;
          if (pages_ != 0 && !without_pages_) {  // what removes items may need none
            without_pages_ = true;
          } else {
            failure_ = no_memory();
          }
          break;
        case Step::kAside: do_aside(); break;
      }
    }
  }

 private:
  using Draft = typename Type::Draft;
  using LargeForm = typename Draft::LargeForm;
  enum class Step { kDone, kAgain, kFree, kReclaim, kWait, kAside, kStartAnew };

  Step done(Status status = {}) {
    status_ = std::move(status);
    return Step::kDone;
  }
  collections::Tools tools(PageMemory& memory) {
    Environment& environment = keyspace_.environment();
    return {memory, environment.hash, environment.small_limits(Type::kType)};
  }
  // What it throws is thrown again when all is put back.
  Status work(Draft& draft) noexcept {
    try {
      return work_(draft);
    } catch (...) {
      thrown_ = std::current_exception();
      return {};
    }
  }
  // If there is none for the words either, that is thrown as well when all is put back.
  Status no_memory() noexcept {
    try {
      return keyspace_.out_of_memory();
    } catch (...) {
      thrown_ = std::current_exception();
      return {};
    }
  }
  static LargeForm* large_of(Outside outside) noexcept { return static_cast<LargeForm*>(outside.large()); }

  Step try_once(PageMemory& memory, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step start_aside(const Shard::Place& place, const Entry* entry, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  void do_aside();
  Step finish_aside(Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step keep(Shard::Place place, const Entry* entry, Draft& draft, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  Step put(Shard::Place place, const Entry* entry, const Draft& draft, Discards& discards) REQUIRES_LOCK(shard_.mutex);
  void forget_source(const Shard::Place& place) REQUIRES_LOCK(shard_.mutex);
  bool room(std::int64_t bytes, std::int64_t entries, Discards& discards, Step* step) REQUIRES_LOCK(shard_.mutex);

  Keyspace& keyspace_;
  const std::string_view key_;
  const std::uint64_t hash_;
  Shard& shard_;
  const std::uint64_t edits_;
  const Work<Type> work_;

  Status status_;
  Status failure_;
  std::exception_ptr thrown_;
  std::int64_t pages_ = 0;      // bytes to be had for pages
  bool without_pages_ = false;  // there are none: tried once without them
  std::int64_t bytes_wanted_ = 0;
  std::int64_t entries_wanted_ = 0;
  int idle_ = 0;      // see Keyspace::reclaim
  Outside replaced_;  // to be released after the lock

  bool latched_ = false;                // by us: the entry is as it was when it was taken
  ValueCopy old_;                       // it
  std::optional<ListenerPause> pause_;  // a listener might write the key, and wait for itself
  std::optional<FreeDraft<Type>> aside_;
  Status aside_status_;
};

template <typename Type>
typename Changing<Type>::Step Changing<Type>::try_once(PageMemory& memory, Discards& discards) {
  if (shard_.closed) return done(Keyspace::closed());
  if (!failure_.ok() || thrown_) return done(std::move(failure_));
  Shard::Place place = shard_.find_any(hash_, key_);
  if (place && place.entry()->latched()) return Step::kWait;
  if (place && shard_.expired(*place.entry())) place = shard_.find(hash_, key_, discards);
  const Entry* entry = place && !place.entry()->is_ghost() ? place.entry() : nullptr;
  if (entry != nullptr && entry->type() != Type::kType) return done(Keyspace::wrong_type());
  const bool is_large = entry != nullptr && entry->external();
  // In a transaction, what a store has and the cache does not keep: its pages are of another account.
  const bool is_foreign = is_large && &entry->outside().account() != &keyspace_.environment().account;
  if (edits_ > kItemsAHold || is_foreign) return start_aside(place, entry, discards);

  if (is_large && pages_ == 0) pages_ = kPagesMin;
  if (pages_ != 0 && !without_pages_) {
    Step step = Step::kAgain;
    if (!room(pages_, 0, discards, &step)) return step;
    if (!shard_.memory().spend(pages_)) return done(no_memory());
    memory.give(pages_);
  }
  Draft draft(tools(memory));
  const bool in_place = is_large && edits_ <= 1 && entry->outside().unshared();
  LargeForm* version = nullptr;
  if (in_place) {
    draft.begin(large_of(entry->outside()));
  } else if (is_large) {
    version = large_of(entry->outside())->share(memory);
    if (version != nullptr) draft.begin(version);
  } else if (entry != nullptr) {
    draft.begin(entry->inline_value());
  }
  const bool begun = !is_large || draft.large() != nullptr;
  Status status = begun ? work(draft) : Status();
  const bool refused = !begun || draft.refused();
  const bool worked = !refused && status.ok() && !thrown_;
  if (in_place && worked) {
    if (!draft.changed()) {
      shard_.mark_use(place, hash_);
      return done();
    }
    if (draft.view().size() == 0) {
      shard_.remove(place, id_of(hash_), RemovalCause::kDeleted, discards);
      return done();
    }
    shard_.changed_outside(place, hash_, memory.held());
    forget_source(place);
    return done();
  }
  if (in_place) LARDER_DCHECK(!draft.changed(), "an edit in place failed, and has changed something");
  const bool kept = worked && draft.changed();
  if (kept && draft.large() != nullptr) draft.large()->add_to_charge(memory.held());
  const Step step = kept ? keep(place, entry, draft, discards) : Step::kAgain;
  // What took no place goes.
  if (!in_place && draft.large() != nullptr && step != Step::kDone) draft.large()->discard(memory);
  if (kept) return step;
  if (refused && !thrown_) {
    if (!memory.lacking() || without_pages_) return done(no_memory());
    pages_ = std::max(2 * pages_, kPagesMin);
    return Step::kAgain;
  }
  if (worked && entry != nullptr) shard_.mark_use(place, hash_);
  return done(std::move(status));
}

// Puts what the draft has become into the cache. kDone; otherwise nothing has changed, and the draft is still the
// caller's.
template <typename Type>
typename Changing<Type>::Step Changing<Type>::keep(Shard::Place place, const Entry* entry, Draft& draft,
                                                   Discards& discards) {
  if (draft.view().size() == 0) {
    if (draft.large() != nullptr) replaced_ = Outside(draft.large());
    if (entry != nullptr) shard_.remove(place, id_of(hash_), RemovalCause::kDeleted, discards);
    return done();
  }
  if (entry != nullptr && entry->external()) {
    replaced_ = entry->outside();
    shard_.swap_outside(place, hash_, Outside(draft.large()));
    forget_source(place);
    return done();
  }
  if (entry != nullptr && draft.large() == nullptr && shard_.fits_block(*entry, draft.small().bytes().size())) {
    shard_.store_inline(place, hash_, draft.small().bytes());
    forget_source(place);
    return done();
  }
  return put(place, entry, draft, discards);
}

// Into a new block.
template <typename Type>
typename Changing<Type>::Step Changing<Type>::put(Shard::Place place, const Entry* entry, const Draft& draft,
                                                  Discards& discards) {
  const bool is_large = draft.large() != nullptr;
  const std::uint64_t end = entry == nullptr ? Entry::kNoDeadline : Shard::end_of(*entry);
  const std::string_view bytes = is_large ? std::string_view() : draft.small().bytes();
  const EntryShape shape = shard_.shape_for(Type::kType, is_large, end != Entry::kNoDeadline);
  const Footprint footprint = shard_.footprint_for(shape, key_.size(), bytes.size());
  Step step = Step::kAgain;
  if (!room(footprint.charge, place ? 0 : 1, discards, &step)) return step;
  Entry* block =
      place || shard_.reserve(1, footprint.charge) ? shard_.new_entry(shape, footprint, key_, bytes.size()) : nullptr;
  if (block == nullptr) {  // the allocator has none, though the limit allowed it
    failure_ = no_memory();
    return Step::kAgain;
  }
  if (is_large) {
    block->set_outside(Outside(draft.large()));
  } else {
    base::count_bytes(bytes.size());
    std::memcpy(block->inline_bytes(), bytes.data(), bytes.size());
  }
  if (place) {
    shard_.replace(place, hash_, block, end, entry == nullptr ? Shard::Old::kTold : Shard::Old::kMoved, discards);
  } else {
    shard_.add(hash_, block, footprint, end);
  }
  return done();
}

// It is not what was loaded any more, so it is not served when it has ended.
template <typename Type>
void Changing<Type>::forget_source(const Shard::Place& place) {
  if (place.entry()->has_freshness()) shard_.set_end(place, hash_, Shard::end_of(*place.entry()));
}

template <typename Type>
bool Changing<Type>::room(std::int64_t bytes, std::int64_t entries, Discards& discards, Step* step) {
  if (shard_.has_room(bytes, entries)) return true;
  bytes_wanted_ = bytes;
  entries_wanted_ = entries;
  switch (shard_.make_room(bytes, entries, discards, id_of(hash_))) {
    case Room::kReady: *step = Step::kAgain; break;
    case Room::kFreeFirst: *step = Step::kFree; break;
    case Room::kNone: *step = Step::kReclaim; break;
  }
  return false;
}

// --- Aside ----------------------------------------------------------------------------------------------------------------

template <typename Type>
typename Changing<Type>::Step Changing<Type>::start_aside(const Shard::Place& place, const Entry* entry,
                                                          Discards& discards) {
  if (discards.count() != 0) return Step::kFree;  // listeners are told of those first
  if (entry != nullptr) {
    old_.take(*entry);
    shard_.latch(place);
    latched_ = true;
  }
  return Step::kAside;
}

template <typename Type>
void Changing<Type>::do_aside() {
  if (latched_) pause_.emplace(keyspace_.environment());
  FreeDraft<Type>& aside = aside_.emplace(keyspace_, hash_, keyspace_.account_of(old_, false));
  const bool begun = aside.begin(old_);
  aside_status_ = begun ? work(aside.draft()) : Status();
  if (!begun || aside.draft().refused()) aside_status_ = no_memory();
  aside.finish();
}

template <typename Type>
typename Changing<Type>::Step Changing<Type>::finish_aside(Discards& discards) {
  if (shard_.closed) return done(Keyspace::closed());  // and the entry is gone, latched or not
  Shard::Place place = shard_.find_any(hash_, key_);
  LARDER_CHECK(!latched_ || (place && place.entry()->latched()), "a latched entry was changed by somebody else");
  if (!latched_ && place && shard_.expired(*place.entry())) place = shard_.find(hash_, key_, discards);
  const Entry* entry = place && !place.entry()->is_ghost() ? place.entry() : nullptr;
  if (!latched_ && entry != nullptr) return Step::kStartAnew;  // somebody has made it
  if (!failure_.ok()) aside_status_ = std::move(failure_);
  if (aside_status_.ok() && !thrown_ && aside_->draft().changed()) {
    const Step step = keep(place, entry, aside_->draft(), discards);
    if (step != Step::kDone) return step;
    aside_->taken();
  } else {
    if (aside_status_.ok() && entry != nullptr) shard_.mark_use(place, hash_);
    done(std::move(aside_status_));
  }
  if (latched_) {
    latched_ = false;
    place = shard_.find_any(hash_, key_);  // it may stand in another block now, or be gone
    place ? shard_.unlatch(place) : shard_.release_latches();
  }
  return Step::kDone;
}

}  // namespace

template <typename Type>
Status change(Keyspace& keyspace, std::string_view key, std::uint64_t edits, Work<Type> work) {
  if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  if (!keyspace.is_declared(key)) return Keyspace::undeclared();
  if (keyspace.has_store()) return StoredChange<Type>(keyspace, key, edits, work).run();
  return Changing<Type>(keyspace, key, edits, work).run();
}

template Status change<HashType>(Keyspace&, std::string_view, std::uint64_t, Work<HashType>);
template Status change<ListType>(Keyspace&, std::string_view, std::uint64_t, Work<ListType>);
template Status change<SetType>(Keyspace&, std::string_view, std::uint64_t, Work<SetType>);
template Status change<SortedSetType>(Keyspace&, std::string_view, std::uint64_t, Work<SortedSetType>);

std::string_view encoding_of_collection(const Entry& entry) noexcept {
  const auto outgrown = [&]<typename Type>(Type) {
    if (!entry.external()) return collections::Packed(entry.inline_value()).outgrown();
    return static_cast<const typename Type::Draft::LargeForm&>(*entry.outside().large()).outgrown;
  };
  switch (entry.type()) {
    case EntryType::kHash: return outgrown(HashType()) ? "hashtable" : "listpack";
    case EntryType::kSet: return outgrown(SetType()) ? "hashtable" : "intset";
    case EntryType::kSortedSet: return outgrown(SortedSetType()) ? "skiplist" : "listpack";
    default: return "quicklist";
  }
}

}  // namespace larder::keyspace
