// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Values of any type on their way to a store behind the cache, and from it: strings as they are, collections in their
// stored form (collections/stored_form.h). All of it takes O(bytes), and is done with no lock held.
#pragma once

#include <string>
#include <string_view>

#include "keyspace/keyspace.h"

namespace larder::keyspace {

// The bytes that a store gets of a value: what an entry has inline, or outside. Those of a collection are put into
// `form`. Throws std::bad_alloc.
std::string_view stored_bytes(EntryType type, std::string_view bytes, Outside outside, std::string* form);

// What a store has given, as an entry has it.
class LoadedValue {
 public:
  LoadedValue() = default;
  ~LoadedValue() {
    if (outside_) outside_.release();
  }
  LoadedValue(const LoadedValue&) = delete;
  LoadedValue& operator=(const LoadedValue&) = delete;

  // In an account of the keyspace: the cache's, for which others are evicted, or the one without a limit. The bytes
  // must stay as they are. kOutOfMemory, kStoreMalformed. Throws std::bad_alloc.
  Status make(Keyspace& keyspace, std::uint64_t hash, memory::Account& account, EntryType type,
              std::string_view stored);

  std::string_view bytes() const noexcept { return bytes_; }  // what is inline
  Outside& outside() noexcept { return outside_; }            // nothing, if it was taken, or all is inline

 private:
  template <typename Type>
  Status make_collection(Keyspace& keyspace, std::uint64_t hash, memory::Account& account, std::string_view stored);

  std::string_view bytes_;
  std::string small_;  // what bytes_ names, of a collection
  Outside outside_;
};

}  // namespace larder::keyspace
