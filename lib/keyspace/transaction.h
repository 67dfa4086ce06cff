// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A function over several keys, all or nothing (RULINGS 4):
//
//   latch     the keys are looked for, and loaded, at one instant, at which none of those that must not have changed
//             has; from now on their other writers wait, and readers see what was there (MultiKey::latch)
//   run       the function works on a keyspace of its own that has these keys: whole values are shared, and edits of
//             them make other versions. It runs once, under no lock
//   commit    what has become another is put into the cache, and a store, at one instant: all of it, or nothing. Then
//             the latches are released
//
// So there is nothing to undo: what was changed is dropped.
//
// Thread safety: all of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "keyspace/keyspace.h"
#include "larder/transaction.h"

namespace larder::keyspace {

// work(keyspace) answers an error, and nothing is changed. kConflict, kTooManyKeys, kKeyTooLong, kOutOfMemory, kClosed,
// and what a store answers. Keys may be named twice. What `work` throws is thrown again.
Status transact(Keyspace& keyspace, std::span<const std::string_view> keys, std::span<const Unchanged> unchanged,
                FunctionRef<Status(Keyspace&)> work);

}  // namespace larder::keyspace
