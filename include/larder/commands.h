// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// All commands on keys. A cache has them, and so has a transaction: what is written for Commands works in both.
//
//     Status award(larder::Commands& commands, std::string_view player) {
//       return commands.zincr_by("board", player, 1).status();
//     }
#pragma once

#include "larder/bits.h"
#include "larder/fwd.h"
#include "larder/hashes.h"
#include "larder/keys.h"
#include "larder/lists.h"
#include "larder/sets.h"
#include "larder/sorted_sets.h"
#include "larder/strings.h"

namespace larder {

// Thread safety: that of the cache, or of the transaction.
class Commands : public Keys, public Strings, public Bits, public Hashes, public Lists, public Sets, public SortedSets {
 protected:
  explicit Commands(keyspace::Keyspace* keyspace) noexcept
      : Keys(keyspace),
        Strings(keyspace),
        Bits(keyspace),
        Hashes(keyspace),
        Lists(keyspace),
        Sets(keyspace),
        SortedSets(keyspace) {}
  ~Commands() = default;
};

}  // namespace larder
