// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Work on keys that goes on with no lock held, as a shard knows it: loads, and writes on their way to a store. At most
// one of a key, found by whoever comes later.
//
//   load   a write or an invalidation of the key overtakes it: what it brings is not stored (CONTRACTS L3), and who
//   comes
//          from then on does not join it, so it leaves the table
//   write  other writers of the key, and readers that do not find it resident, wait for its end (T3). An invalidation
//          overtakes it: what it wrote is in the store, but does not stay in the cache, as the store may have something
//          newer by then
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <tsl/robin_map.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/waiting.h"

namespace larder::keyspace {

struct KeyWork : base::Work {
  enum class Kind : unsigned char {
    kLoad,       // by a loader that a caller brought
    kStoreLoad,  // of what the store behind has
    kWrite,      // to the store behind
  };

  explicit KeyWork(Kind its_kind) noexcept : kind(its_kind) {}
  virtual ~KeyWork() = default;
  KeyWork(const KeyWork&) = delete;
  KeyWork& operator=(const KeyWork&) = delete;

  const Kind kind;
  bool overtaken = false;  // guarded by the shard's lock
};

class WorkTable {
 public:
  bool empty() const noexcept { return works_.empty(); }
  std::size_t size() const noexcept { return works_.size(); }

  // Null: nobody works on it.
  std::shared_ptr<KeyWork> find(std::string_view key) const {
    if (works_.empty()) return nullptr;
    const auto found = works_.find(key);
    return found == works_.end() ? nullptr : found->second;
  }
  // REQUIRES: nobody works on the key.
  void insert(std::string_view key, std::shared_ptr<KeyWork> work) {
    works_.insert({std::string(key), std::move(work)});
  }
  // Unless it was overtaken, and is gone.
  void erase(std::string_view key, const KeyWork& work) {
    const auto found = works_.find(key);
    if (found != works_.end() && found->second.get() == &work) works_.erase(found);
  }

  // The key was written.
  void overtake_load(std::string_view key) {
    const auto found = works_.find(key);
    if (found != works_.end() && found->second->kind != KeyWork::Kind::kWrite) overtake(found);
  }
  // It is to be forgotten.
  void overtake(std::string_view key) {
    const auto found = works_.find(key);
    if (found != works_.end()) overtake(found);
  }
  // All whose key begins with this.
  void overtake_prefix(std::string_view prefix) {
    for (auto work = works_.begin(); work != works_.end();) {
      work = std::string_view(work->first).starts_with(prefix) ? overtake(work) : std::next(work);
    }
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Works = tsl::robin_map<std::string, std::shared_ptr<KeyWork>, Hash, std::equal_to<>>;

  Works::iterator overtake(Works::iterator work) {
    work->second->overtaken = true;
    return work->second->kind == KeyWork::Kind::kWrite ? std::next(work) : works_.erase(work);
  }

  Works works_;
};

}  // namespace larder::keyspace
