// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache for who only reads: every function that reads, as in strings.h, keys.h and bits.h, and none that writes. One
// that looks (the default) leaves no trace: it marks no use, so that neither eviction nor idle expiry nor the counters
// of hits and misses notice, and a store behind the cache is not asked: what is not resident is not there.
//
//     larder::ReadView window(cache);
//     if (auto value = window.get("user:42")) show(*value);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "larder/commands.h"
#include "larder/contents.h"
#include "larder/fwd.h"
#include "larder/transaction.h"

namespace larder {

// Two pointers' worth for each family of commands: cheap to make. Thread safety: as the cache, which must outlive it.
class ReadView final : private Contents,
                       private Keys,
                       private Strings,
                       private Bits,
                       private Hashes,
                       private Lists,
                       private Sets,
                       private SortedSets {
 public:
  enum class Use : std::uint8_t {
    kLook,  // leaves no trace. Never blocks but for short locks
    kMark,  // as the cache's own functions do
  };

  explicit ReadView(Cache& cache, Use use = Use::kLook) noexcept;
  // What a transaction has made of its keys. What is resident is what it has.
  explicit ReadView(Transaction& transaction) noexcept : ReadView(transaction.own_, Use::kMark) {}

  Lookup<std::string> get(std::string_view key) { return use_ == Use::kLook ? peek(key) : Strings::get(key); }
  using Strings::get_range;
  using Strings::lcs;
  using Strings::mget;
  using Strings::peek;
  using Strings::pin;
  using Strings::read;
  using Strings::strlen;

  using Bits::bit_count;
  using Bits::bit_pos;
  using Bits::get_bit;
  // BITFIELD_RO. kInvalidArgument for a step that is no kGet.
  Result<std::vector<std::optional<std::int64_t>>> bit_field(std::string_view key,
                                                             std::span<const BitFieldStep> steps) {
    for (const BitFieldStep& step : steps) {
      if (step.action != BitFieldStep::Action::kGet)
        return Status(ErrorCode::kInvalidArgument, "a view reads: every step must be kGet");
    }
    return Bits::bit_field(key, steps);
  }

  using Hashes::hexists;
  using Hashes::hget;
  using Hashes::hget_all;
  using Hashes::hkeys;
  using Hashes::hlen;
  using Hashes::hmget;
  using Hashes::hrand_field;
  using Hashes::hrand_fields;
  using Hashes::hscan;
  using Hashes::hsnapshot;
  using Hashes::hstrlen;
  using Hashes::hvals;

  using Lists::lindex;
  using Lists::llen;
  using Lists::lpos;
  using Lists::lpos_all;
  using Lists::lrange;
  using Lists::lsnapshot;

  using SortedSets::zcard;
  using SortedSets::zcount;
  using SortedSets::zdiff;
  using SortedSets::zinter;
  using SortedSets::zinter_card;
  using SortedSets::zmscore;
  using SortedSets::zrand_member;
  using SortedSets::zrand_members;
  using SortedSets::zrange;
  using SortedSets::zrank;
  using SortedSets::zrev_rank;
  using SortedSets::zscan;
  using SortedSets::zscore;
  using SortedSets::zsnapshot;
  using SortedSets::zunion;

  using Contents::dbsize;
  using Contents::for_each;
  using Contents::keys;
  using Contents::random_key;
  using Contents::scan;

  using Keys::exists;
  using Keys::expire_time;
  using Keys::inspect;
  using Keys::touch;
  using Keys::ttl;
  using Keys::type;
  using Keys::version;

  using Sets::scard;
  using Sets::sdiff;
  using Sets::sinter;
  using Sets::sinter_card;
  using Sets::sis_member;
  using Sets::smembers;
  using Sets::smis_member;
  using Sets::srand_member;
  using Sets::srand_members;
  using Sets::sscan;
  using Sets::ssnapshot;
  using Sets::sunion;

 private:
  ReadView(keyspace::Keyspace* keyspace, Use use) noexcept
      : Contents(keyspace),
        Keys(keyspace, use == Use::kLook),
        Strings(keyspace, use == Use::kLook),
        Bits(keyspace, use == Use::kLook),
        Hashes(keyspace, use == Use::kLook),
        Lists(keyspace, use == Use::kLook),
        Sets(keyspace, use == Use::kLook),
        SortedSets(keyspace, use == Use::kLook),
        use_(use) {}
  Use use_;
};

}  // namespace larder
