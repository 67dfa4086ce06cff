// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "memory/account.h"

namespace larder::memory {

void ShardMemory::free_kept() noexcept {
  if (kept_charge_ == 0) return;
  for (Kept& kept : kept_) {
    if (kept.block == nullptr) continue;
    unpoison(kept.block, kept.bytes);
    base::count_allocation();
    allocator_.deallocate(kept.block, kept.bytes, 16);
    kept.block = nullptr;
  }
  kept_charge_ = 0;
}

}  // namespace larder::memory
