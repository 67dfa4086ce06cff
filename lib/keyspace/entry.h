// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One key with its value: a single block, as small as it can be.
//
//   offset  bytes
//        0      2   flags: type, encoding, which optional fields follow, latch
//        2      1   the policy's counter
//        3      1   key size; 255: the field "long key size" has it
//        4      2   value size (inline)
//        6      6   deadline, if kDeadline: milliseconds on the cache's monotonic time
//               4   position, if kPosition: the policy's
//              12   last use and end, 6 each, if kIdle
//              26   how far it is fresh, how far it may be served stale, end, 6 each, and the store's version, 8, if
//                   kFreshness
//               4   long key size, if kLongKey
//               n   key
//               m   value: inline, or the 8 bytes of an Outside if kExternal
//
// Fields are not aligned. Values of up to kInlineBytesMax bytes are inline: hash -> bucket -> entry are then the only
// cache lines to read. An entry is only ever touched under its shard's lock: it needs no atomics, and nothing that a
// user holds points to it (larger values live outside, where they are counted). Its address is free to change; policy
// and timers name it by hash.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/copy.h"
#include "collections/packed.h"
#include "keyspace/outside.h"
#include "larder/keys.h"
#include "larder/options.h"

namespace larder::keyspace {

inline constexpr std::size_t kInlineBytesMax = collections::kPackedBytesMax;

enum class EntryType : std::uint8_t {
  kAny = 0,  // no entry has it
  // As in ValueType, and in what stores keep.
  kString = 1,
  kHash = 2,
  kList = 3,
  kSet = 4,
  kSortedSet = 5,
  kAbsent = 6,  // a load found nothing; with a store behind: in the store
  // For get_or_load only: a load failed, and the value is the message; empty: neither a store nor a loader has it.
  kFailed = 7,
};

// REQUIRES: a type that commands see.
constexpr ValueType type_of(EntryType type) noexcept { return static_cast<ValueType>(type); }
// REQUIRES: it is not kNone.
constexpr EntryType entry_type_of(ValueType type) noexcept { return static_cast<EntryType>(type); }

// What decides an entry's layout, before it exists.
struct EntryShape {
  EntryType type = EntryType::kString;
  bool external = false;
  bool deadline = false;
  bool position = false;
  bool idle = false;
  bool freshness = false;
};

class Entry {
 public:
  static constexpr std::size_t kHeaderBytes = 6;
  static constexpr std::uint64_t kNoDeadline = (std::uint64_t{1} << 48) - 1;

  // The same entry in another block: what the policy keeps in it, and its marks.
  void inherit(Entry& other) noexcept {
    counter_ = other.counter_;
    constexpr std::uint16_t kept = kTimerMark | kLatched | kPolicyEpoch;
    flags_ = static_cast<std::uint16_t>((flags_ & ~kept) | (other.flags_ & kept));
    if (has_position() && other.has_position()) set_position(other.position());
    if (has_idle() && other.has_idle()) set_last_use(other.last_use());
  }

  static std::size_t bytes_for(const EntryShape& shape, std::size_t key_bytes, std::size_t value_bytes) noexcept {
    return in_steps(shape.type, shape.external,
                    kHeaderBytes + 6u * shape.deadline + 4u * shape.position + 12u * shape.idle +
                        kFreshnessBytes * shape.freshness + (key_bytes >= 255 ? 4u : 0u) + key_bytes +
                        (shape.external ? sizeof(Outside) : value_bytes));
  }

  // Writes header and key into a block of bytes_for; the optional fields are zero, the value is not written.
  static Entry* create(void* block, const EntryShape& shape, std::string_view key, std::size_t value_bytes) noexcept {
    auto* entry = static_cast<Entry*>(block);
    std::uint16_t flags = static_cast<std::uint16_t>(shape.type);
    if (shape.external) flags |= kExternal;
    if (shape.deadline) flags |= kDeadline;
    if (shape.position) flags |= kPosition;
    if (shape.idle) flags |= kIdle;
    if (shape.freshness) flags |= kFreshness;
    if (key.size() >= 255) flags |= kLongKey;
    entry->flags_ = flags;
    entry->counter_ = 0;
    entry->key_size_ = static_cast<std::uint8_t>(key.size() < 255 ? key.size() : 255);
    entry->value_size_ = static_cast<std::uint16_t>(shape.external ? sizeof(Outside) : value_bytes);
    const std::size_t key_offset = entry->key_offset();
    if (key_offset != kHeaderBytes) std::memset(entry->bytes_at(kHeaderBytes), 0, key_offset - kHeaderBytes);
    if (flags & kLongKey) {
      const auto size = static_cast<std::uint32_t>(key.size());
      std::memcpy(entry->bytes_at(key_offset - 4), &size, sizeof size);
    }
    base::copy_bytes(entry->bytes_at(key_offset), key.data(), key.size());
    return entry;
  }

  EntryType type() const noexcept { return static_cast<EntryType>(flags_ & kTypeMask); }
  // Packed bytes inline, or a Large.
  bool is_collection() const noexcept { return type() >= EntryType::kHash && type() <= EntryType::kSortedSet; }
  // Seen by loads only: for every other command there is no such key.
  bool is_ghost() const noexcept { return type() >= EntryType::kAbsent || stale(); }
  bool external() const noexcept { return flags_ & kExternal; }
  bool has_deadline() const noexcept { return flags_ & kDeadline; }
  bool has_position() const noexcept { return flags_ & kPosition; }
  bool has_idle() const noexcept { return flags_ & kIdle; }
  bool has_freshness() const noexcept { return flags_ & kFreshness; }
  // Whether there is more to its end than its deadline.
  bool ages() const noexcept { return flags_ & (kIdle | kFreshness); }
  // A value that every command sees, and that does not end: the common case in one look.
  bool plain() const noexcept {
    return (flags_ & (kTypeMask | kDeadline)) == static_cast<std::uint16_t>(EntryType::kString);
  }
  EntryShape shape() const noexcept {
    return {type(), external(), has_deadline(), has_position(), has_idle(), has_freshness()};
  }

  std::string_view key() const noexcept { return {text_at(key_offset()), key_size()}; }
  [[gnu::always_inline]] bool has_key(std::string_view key) const noexcept {
    const std::size_t size = key_size_;
    if (size == 255 || size < 8) [[unlikely]]
      return this->key() == key;
    if (size != key.size()) return false;
    // Eight bytes at a time, the last of them overlapping: shorter than a call for the keys that people have.
    const unsigned char* mine = bytes_at(key_offset());
    const char* theirs = key.data();
    std::size_t at = 0;
    for (; at + 8 < size; at += 8) {
      if (word_at(mine + at) != word_at(theirs + at)) return false;
    }
    return word_at(mine + size - 8) == word_at(theirs + size - 8);
  }
  std::size_t key_size() const noexcept {
    if (key_size_ != 255) return key_size_;
    std::uint32_t size;
    std::memcpy(&size, bytes_at(key_offset() - 4), sizeof size);
    return size;
  }

  // REQUIRES: !external().
  std::string_view inline_value() const noexcept { return {text_at(value_offset()), value_size_}; }
  char* inline_bytes() noexcept { return reinterpret_cast<char*>(bytes_at(value_offset())); }
  void set_inline_size(std::size_t size) noexcept { value_size_ = static_cast<std::uint16_t>(size); }
  // REQUIRES: external().
  Outside outside() const noexcept {
    Outside outside;
    std::memcpy(&outside, bytes_at(value_offset()), sizeof outside);
    return outside;
  }
  void set_outside(Outside outside) noexcept { std::memcpy(bytes_at(value_offset()), &outside, sizeof outside); }
  // REQUIRES: no collection. Valid under the lock only.
  std::string_view value() const noexcept { return external() ? outside().blob()->view() : inline_value(); }

  // REQUIRES: the same encoding and value size.
  void copy_value(const Entry& other) noexcept {
    std::memcpy(bytes_at(value_offset()), other.bytes_at(other.value_offset()), value_size_);
  }

  // Blocks come in steps of eight bytes, so that a value may grow or shrink a little where it stands; those of packed
  // collections, which do so all the time, in steps of a quarter of a power of two, as most allocators have them, if no
  // long key makes them larger than that is good for.
  std::size_t block_bytes() const noexcept { return in_steps(type(), external(), value_offset() + value_size_); }
  // Whether an inline value of this size makes a block of the same size. REQUIRES: !external().
  bool fits(std::size_t value_bytes) const noexcept {
    return value_bytes == value_size_ || in_steps(type(), false, value_offset() + value_bytes) == block_bytes();
  }

  // When the timing wheel is to look at it. For entries with idle expiry not the whole truth: see expires_at.
  std::uint64_t deadline() const noexcept { return has_deadline() ? load48(kHeaderBytes) : kNoDeadline; }
  void set_deadline(std::uint64_t ms) noexcept { store48(kHeaderBytes, ms); }  // REQUIRES: has_deadline()

  // REQUIRES: has_idle().
  std::uint64_t last_use() const noexcept { return load48(idle_offset()); }
  void set_last_use(std::uint64_t ms) noexcept { store48(idle_offset(), ms); }
  std::uint64_t end() const noexcept { return load48(idle_offset() + 6); }
  void set_end(std::uint64_t ms) noexcept { store48(idle_offset() + 6, ms); }

  // REQUIRES: has_freshness(). A value that was loaded is fresh for a while; then it is stale: as good as not there,
  // and kept for loads, which may serve it while, or because, there is nothing newer. Once stale, fresh_until is when
  // it may be loaded again.
  std::uint64_t fresh_until() const noexcept { return load48(freshness_offset()); }
  void set_fresh_until(std::uint64_t ms) noexcept { store48(freshness_offset(), ms); }
  std::uint64_t stale_until() const noexcept { return load48(freshness_offset() + 6); }
  void set_stale_until(std::uint64_t ms) noexcept { store48(freshness_offset() + 6, ms); }
  std::uint64_t logical_end() const noexcept { return load48(freshness_offset() + 12); }
  void set_logical_end(std::uint64_t ms) noexcept { store48(freshness_offset() + 12, ms); }
  std::uint64_t version() const noexcept { return word_at(bytes_at(freshness_offset() + 18)); }
  void set_version(std::uint64_t version) noexcept {
    std::memcpy(bytes_at(freshness_offset() + 18), &version, sizeof version);
  }
  void copy_freshness(const Entry& other) noexcept {
    std::memcpy(bytes_at(freshness_offset()), other.bytes_at(other.freshness_offset()), kFreshnessBytes);
    flags_ = static_cast<std::uint16_t>((flags_ & ~(kStale | kRefreshed)) | (other.flags_ & (kStale | kRefreshed)));
  }
  bool stale() const noexcept { return flags_ & kStale; }
  void set_stale(bool on) noexcept { set_flag(kStale, on); }
  // A refresh ahead of its time has begun.
  bool refreshed() const noexcept { return flags_ & kRefreshed; }
  void set_refreshed(bool on) noexcept { set_flag(kRefreshed, on); }

  std::uint8_t& counter() noexcept { return counter_; }
  std::uint8_t counter() const noexcept { return counter_; }
  std::uint32_t position() const noexcept {
    std::uint32_t position = 0;
    if (has_position()) std::memcpy(&position, bytes_at(position_offset()), sizeof position);
    return position;
  }
  void set_position(std::uint32_t position) noexcept {
    std::memcpy(bytes_at(position_offset()), &position, sizeof position);
  }

  // Toggles with each sweep over the timers, so that a sweep keeps one timer an entry (expiry/timing_wheel.h).
  bool timer_mark() const noexcept { return flags_ & kTimerMark; }
  void set_timer_mark(bool mark) noexcept { set_flag(kTimerMark, mark); }

  // Which of the shard's policies knows it: the present one, the one before, or none. The numbers alternate.
  enum class PolicyEpoch : std::uint16_t { kNone = 0, kOne = 0x400, kOther = 0x800 };
  PolicyEpoch policy_epoch() const noexcept { return static_cast<PolicyEpoch>(flags_ & kPolicyEpoch); }
  void set_policy_epoch(PolicyEpoch epoch) noexcept {
    flags_ = static_cast<std::uint16_t>((flags_ & ~kPolicyEpoch) | static_cast<std::uint16_t>(epoch));
  }

  // The key latch (RULINGS 7): held while a long operation on this key runs with the shard's lock released. Eviction
  // and expiry pass a latched entry by, and so does whatever would remove or change it: it waits.
  bool latched() const noexcept { return flags_ & kLatched; }
  void set_latched(bool on) noexcept { set_flag(kLatched, on); }

 private:
  enum : std::uint16_t {
    kTypeMask = 0x7,
    kExternal = 0x8,
    kDeadline = 0x10,
    kPosition = 0x20,
    kIdle = 0x40,
    kLongKey = 0x80,
    kTimerMark = 0x100,
    kLatched = 0x200,
    kPolicyEpoch = 0xc00,
    kFreshness = 0x1000,
    kStale = 0x2000,
    kRefreshed = 0x4000,
  };
  static constexpr std::size_t kFreshnessBytes = 26;

  void set_flag(std::uint16_t flag, bool on) noexcept {
    flags_ = static_cast<std::uint16_t>(on ? flags_ | flag : flags_ & ~flag);
  }
  static std::uint64_t word_at(const void* bytes) noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  static constexpr std::size_t in_steps(EntryType type, bool external, std::size_t bytes) noexcept {
    const bool packed = !external && type >= EntryType::kHash && type <= EntryType::kSortedSet;
    const std::size_t step = packed && bytes > 64 && bytes <= 2048 ? std::bit_floor(bytes - 1) / 4 : 8;
    return (bytes + step - 1) & ~(step - 1);
  }
  // Through an integer, as the block goes on behind the object that the compiler knows of.
  unsigned char* bytes_at(std::size_t offset) noexcept {
    return reinterpret_cast<unsigned char*>(reinterpret_cast<std::uintptr_t>(this) + offset);
  }
  const unsigned char* bytes_at(std::size_t offset) const noexcept {
    return reinterpret_cast<const unsigned char*>(reinterpret_cast<std::uintptr_t>(this) + offset);
  }
  const char* text_at(std::size_t offset) const noexcept { return reinterpret_cast<const char*>(bytes_at(offset)); }

  std::size_t position_offset() const noexcept { return kHeaderBytes + (has_deadline() ? 6u : 0u); }
  std::size_t idle_offset() const noexcept { return position_offset() + (has_position() ? 4u : 0u); }
  std::size_t freshness_offset() const noexcept { return idle_offset() + (has_idle() ? 12u : 0u); }
  std::size_t key_offset() const noexcept {
    if ((flags_ & (kDeadline | kPosition | kIdle | kFreshness | kLongKey)) == 0) return kHeaderBytes;
    return freshness_offset() + (has_freshness() ? kFreshnessBytes : 0u) + (flags_ & kLongKey ? 4u : 0u);
  }
  std::size_t value_offset() const noexcept { return key_offset() + key_size(); }

  std::uint64_t load48(std::size_t offset) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_at(offset), 6);
    return word;
  }
  void store48(std::size_t offset, std::uint64_t word) noexcept { std::memcpy(bytes_at(offset), &word, 6); }

  std::uint16_t flags_;
  std::uint8_t counter_;
  std::uint8_t key_size_;
  std::uint16_t value_size_;
};
static_assert(sizeof(Entry) == Entry::kHeaderBytes);
static_assert(kInlineBytesMax <= 0xffff);

}  // namespace larder::keyspace
