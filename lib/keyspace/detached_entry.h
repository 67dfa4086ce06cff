// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a store has of a key that is not resident, in the form in which commands look at a value: an entry of no shard.
// It is charged to nobody's max_memory, as a copy that a caller gets is not.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "keyspace/entry.h"

namespace larder::keyspace {

class DetachedEntry {
 public:
  // What is outside is its own from then on, and belongs to an account without a limit. Throws std::bad_alloc, and has
  // taken nothing.
  DetachedEntry(std::string_view key, EntryType type, std::string_view bytes, Outside outside, std::uint64_t end) {
    const EntryShape shape{type, static_cast<bool>(outside), end != Entry::kNoDeadline, false, false};
    block_ = std::make_unique<std::byte[]>(Entry::bytes_for(shape, key.size(), bytes.size()));
    Entry* entry = Entry::create(block_.get(), shape, key, bytes.size());
    if (shape.deadline) entry->set_deadline(end);
    if (shape.external) {
      entry->set_outside(outside);
    } else if (!bytes.empty()) {
      std::memcpy(entry->inline_bytes(), bytes.data(), bytes.size());
    }
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
