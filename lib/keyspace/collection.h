// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Keys whose values are collections: how their commands read and change them. What a command has to do besides its own
// algebra is done here, once: look-up, type, expiry, room, another version where others hold this one, small or large
// form, charge, and the removal of what has become empty.
//
//   read        look at it under the shard's lock: bounded work
//   hold        a version of it, to be read with no lock held, whatever happens to the key meanwhile
//   change      edit it, or make it
//
// `Type` is one of the four below. Thread safety: all functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "collections/hash.h"
#include "collections/list.h"
#include "collections/set.h"
#include "collections/sorted_set.h"
#include "keyspace/keyspace.h"

namespace larder::keyspace {

struct HashType {
  static constexpr EntryType kType = EntryType::kHash;
  using View = collections::HashView;
  using Draft = collections::HashDraft;
};
struct ListType {
  static constexpr EntryType kType = EntryType::kList;
  using View = collections::ListView;
  using Draft = collections::ListDraft;
};
struct SetType {
  static constexpr EntryType kType = EntryType::kSet;
  using View = collections::SetView;
  using Draft = collections::SetDraft;
};
struct SortedSetType {
  static constexpr EntryType kType = EntryType::kSortedSet;
  using View = collections::SortedSetView;
  using Draft = collections::SortedSetDraft;
};

// So many items of a collection may be visited, or edited, while a shard's lock is held.
inline constexpr std::uint64_t kItemsAHold = 64;

// Of what an entry of this type has inline, or outside.
template <typename Type>
typename Type::View view_of(std::string_view bytes, Outside outside) noexcept {
  using View = typename Type::View;
  if (!outside) return View(collections::Packed(bytes));
  return View(static_cast<const typename Type::Draft::LargeForm&>(*outside.large()));
}

// REQUIRES: it is of this type. Valid as long as the entry is.
template <typename Type>
typename Type::View view_of(const Entry& entry) noexcept {
  return entry.external() ? view_of<Type>({}, entry.outside()) : view_of<Type>(entry.inline_value(), {});
}

// What Redis calls the form of a collection.
std::string_view encoding_of_collection(const Entry& entry) noexcept;

// visit(const View&), under the shard's lock, if there is such a key: bounded work, and nothing else.
template <typename Type, typename Visit>
Status read(Keyspace& keyspace, std::string_view key, Use use, Visit&& visit) {
  return keyspace.view_as(Type::kType, key, use, [&](const Entry* entry) {
    if (entry != nullptr) visit(view_of<Type>(*entry));
  });
}

// A version of a collection.
template <typename Type>
class Held {
 public:
  static bool takes(EntryType type) noexcept { return type == Type::kType; }
  // Under the shard's lock. REQUIRES: takes(entry.type()).
  void take(const Entry& entry) noexcept { value_.take(entry); }
  explicit operator bool() const noexcept { return value_.taken(); }
  typename Type::View view() const noexcept {  // an empty one, if there is none
    return view_of<Type>(value_.outside() ? std::string_view() : value_.view(), value_.outside());
  }
  const ValueCopy& value() const noexcept { return value_; }
  void reset() noexcept { value_.reset(); }

 private:
  ValueCopy value_;
};

template <typename Type>
Status hold(Keyspace& keyspace, std::string_view key, Use use, Held<Type>* held) {
  return keyspace.view_as(Type::kType, key, use, [&](const Entry* entry) {
    if (entry != nullptr) held->take(*entry);
  });
}

// What a change that is under way knows of its key.
template <typename Type>
using Work = FunctionRef<Status(typename Type::Draft&)>;

// Changes a collection, or makes it; what is empty afterwards is removed. `work` edits the draft, which begins as what
// is there, or empty; it does at most `edits` edits, and may be called several times: the last time counts. After an
// edit that answers kNoMemory what it does is of no account. Its error is returned, and nothing changes: REQUIRES that
// it does no edit before it fails, if `edits` is 1.
//
// Up to kItemsAHold edits are done under the shard's lock, more of them under the key's latch alone: other writers of
// the key wait then, readers see what was there before. Blocks while another writer does such work on the key.
//
// With a store behind, it gets the whole of what the collection is then, and nothing if the draft has not changed.
//
// kWrongType, kKeyTooLong, kOutOfMemory, kClosed, and what a store answers.
template <typename Type>
Status change(Keyspace& keyspace, std::string_view key, std::uint64_t edits, Work<Type> work);

}  // namespace larder::keyspace
