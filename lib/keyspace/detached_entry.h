// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a store has of a key that is not resident, in the form in which commands look at a value: an entry of no shard.
// It is charged to nobody's max_memory, as a copy that a caller gets is not.
#pragma once

#include <memory>
#include <new>
#include <string_view>

#include "keyspace/entry.h"

namespace larder::keyspace {

class DetachedEntry {
 public:
  // `outside`: an account without a limit. Throws std::bad_alloc.
  DetachedEntry(memory::Account& outside, std::string_view key, std::string_view value, std::uint64_t end) {
    const bool external = value.size() > kInlineBytesMax;
    const EntryShape shape{EntryType::kString, external, end != Entry::kNoDeadline, false, false};
    const std::size_t value_bytes = external ? 0 : value.size();
    block_ = std::make_unique<std::byte[]>(Entry::bytes_for(shape, key.size(), value_bytes));
    Entry* entry = Entry::create(block_.get(), shape, key, value_bytes);
    if (shape.deadline) entry->set_deadline(end);
    if (!external) {
      if (!value.empty()) std::memcpy(entry->inline_bytes(), value.data(), value.size());
      return;
    }
    const auto charge = static_cast<std::int64_t>(outside.charge(Blob::block_bytes(value.size())));
    outside.bytes().lease(charge);
    Blob* blob = Blob::create(outside, value.size(), value.size());
    if (blob == nullptr) {
      outside.bytes().give_back(charge);
      throw std::bad_alloc();
    }
    std::memcpy(blob->bytes(), value.data(), value.size());
    entry->set_outside(Outside(blob));
  }
  ~DetachedEntry() {
    if (entry().external()) entry().outside().release();
  }
  DetachedEntry(const DetachedEntry&) = delete;
  DetachedEntry& operator=(const DetachedEntry&) = delete;

  const Entry& entry() const noexcept { return *reinterpret_cast<const Entry*>(block_.get()); }

 private:
  std::unique_ptr<std::byte[]> block_;
};

}  // namespace larder::keyspace
