// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/discards.h"

namespace larder::keyspace {

void Discards::release() {
  // A listener may call the cache, not this object: the lists do not change meanwhile.
  for (std::uint32_t i = 0; i < count_ && i < kInline; ++i) dispose(first_[i]);
  for (const Item& item : more_) dispose(item);
  count_ = 0;
  pending_ = 0;
  more_.clear();
}

void Discards::dispose(const Item& item) {
  Entry& entry = *item.entry;
  if (item.whole && environment_.listener && !entry.is_ghost() && !environment_.quiet.load(std::memory_order_relaxed)) {
    try {
      environment_.listener(entry.key(), entry.value(), item.cause);
    } catch (...) {
      environment_.listener_failures.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (item.whole && entry.external()) entry.blob()->release();
  memory_.free_detached(&entry, item.bytes, item.charge);
}

}  // namespace larder::keyspace
