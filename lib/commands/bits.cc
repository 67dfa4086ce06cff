// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on strings seen as arrays of bits, but for BITFIELD (bit_field.cc).
#include "larder/bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "keyspace/multi_key.h"

namespace larder {

using keyspace::Change;
using keyspace::Entry;
using keyspace::EntryType;
using keyspace::Keyspace;
using keyspace::Patch;
using keyspace::Use;
using keyspace::use_of;
using keyspace::ValueCopy;
using keyspace::Want;

namespace {

constexpr std::uint64_t kBitsMax = kValueBytesMax * 8;

Status bit_out_of_range() { return {ErrorCode::kOutOfRange, "bit offset is not an integer or out of range"}; }

bool bit_of(std::string_view value, std::uint64_t offset) {
  if (offset / 8 >= value.size()) return false;
  return static_cast<unsigned char>(value[offset / 8]) >> (7 - offset % 8) & 1;
}

// A range in bits, within a value; empty if last < first.
struct Span {
  std::int64_t first;
  std::int64_t last;
  bool empty() const { return last < first; }
};

Span span_of(const BitRange& range, std::uint64_t bytes) {
  const std::int64_t unit = range.unit == BitRange::Unit::kByte ? 8 : 1;
  const std::int64_t size = static_cast<std::int64_t>(bytes) * (8 / unit);
  std::int64_t first = range.first;
  std::int64_t last = range.last.value_or(-1);
  if (first < 0) first = std::max<std::int64_t>(first + size, 0);
  if (last < 0) last = std::max<std::int64_t>(last + size, 0);
  last = std::min(last, size - 1);
  if (first > last) return {0, -1};
  return {first * unit, last * unit + unit - 1};
}

std::uint64_t count_bits(std::string_view value, Span span) {
  std::uint64_t count = 0;
  auto bit = static_cast<std::uint64_t>(span.first);
  const std::uint64_t end = static_cast<std::uint64_t>(span.last) + 1;
  while (bit < end && bit % 8 != 0) count += bit_of(value, bit++);
  for (; end - bit >= 64 && bit < end; bit += 64) {
    std::uint64_t word;
    std::memcpy(&word, value.data() + bit / 8, sizeof word);
    count += static_cast<std::uint64_t>(std::popcount(word));
  }
  while (bit < end) count += bit_of(value, bit++);
  return count;
}

// The first bit of a kind, or -1.
std::int64_t find_bit(std::string_view value, Span span, bool on) {
  const char skipped = on ? '\0' : '\xff';
  for (std::int64_t bit = span.first; bit <= span.last;) {
    if (bit % 8 == 0 && bit + 7 <= span.last && value[static_cast<std::size_t>(bit / 8)] == skipped) {
      bit += 8;
      continue;
    }
    if (bit_of(value, static_cast<std::uint64_t>(bit)) == on) return bit;
    ++bit;
  }
  return -1;
}

Status hold(Keyspace& keyspace, std::string_view key, bool looks, ValueCopy* value) {
  return keyspace.view_as(EntryType::kString, key, use_of(looks, Use::kMark), [&](const Entry* entry) {
    if (entry != nullptr) value->take(*entry);
  });
}

}  // namespace

Result<bool> Bits::set_bit(std::string_view key, std::uint64_t bit_offset, bool on) {
  if (bit_offset >= kBitsMax) return bit_out_of_range();
  bool before = false;
  char byte = 0;
  const Patch patch{bit_offset / 8, {&byte, 1}};
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    const std::string_view value = entry == nullptr ? std::string_view() : entry->value();
    before = bit_of(value, bit_offset);
    const unsigned old = bit_offset / 8 < value.size() ? static_cast<unsigned char>(value[bit_offset / 8]) : 0u;
    const unsigned mask = 0x80u >> (bit_offset % 8);
    byte = static_cast<char>(on ? old | mask : old & ~mask);
    change = {.kind = Change::Kind::kPatch, .patches = {&patch, 1}};
    return {};
  });
  if (!status.ok()) return status;
  return before;
}

Result<bool> Bits::get_bit(std::string_view key, std::uint64_t bit_offset) {
  if (bit_offset >= kBitsMax) return bit_out_of_range();
  bool on = false;
  Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), [&](const Entry* entry) {
    if (entry != nullptr) on = bit_of(entry->value(), bit_offset);
  });
  if (!status.ok()) return status;
  return on;
}

Result<std::uint64_t> Bits::bit_count(std::string_view key, const BitRange& range) {
  ValueCopy value;
  if (Status status = hold(*keyspace_, key, looks_, &value); !status.ok()) return status;
  // Redis: nothing for a reversed range of negative ends; BITPOS has no such rule.
  const bool reversed = range.first < 0 && range.last.value_or(-1) < 0 && range.first > range.last.value_or(-1);
  const Span span = reversed ? Span{0, -1} : span_of(range, value.view().size());
  return span.empty() ? 0 : count_bits(value.view(), span);
}

Result<std::int64_t> Bits::bit_pos(std::string_view key, bool on, const BitRange& range) {
  ValueCopy value;
  if (Status status = hold(*keyspace_, key, looks_, &value); !status.ok()) return status;
  if (!value.taken()) return on ? std::int64_t{-1} : std::int64_t{0};
  const Span span = span_of(range, value.view().size());
  if (span.empty()) return std::int64_t{-1};
  const std::int64_t found = find_bit(value.view(), span, on);
  // Past the end of the value all bits are 0, unless the caller said where to stop.
  if (found < 0 && !on && !range.last) return static_cast<std::int64_t>(value.view().size()) * 8;
  return found;
}

// --- BITOP -------------------------------------------------------------------------------------------------------------------

namespace {

// Sources of up to so many bytes in all are combined under the locks.
constexpr std::uint64_t kBytesUnderLocks = 16 << 10;

void combine(BitOperation operation, std::span<const std::string_view> sources, char* to, std::size_t size) {
  std::memset(to, 0, size);
  if (!sources[0].empty()) std::memcpy(to, sources[0].data(), sources[0].size());
  if (operation == BitOperation::kNot) {
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<char>(~to[i]);
    return;
  }
  for (const std::string_view source : sources.subspan(1)) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      const char byte = source[i];
      to[i] = static_cast<char>(operation == BitOperation::kAnd  ? to[i] & byte
                                : operation == BitOperation::kOr ? to[i] | byte
                                                                 : to[i] ^ byte);
    }
    if (operation == BitOperation::kAnd) std::memset(to + source.size(), 0, size - source.size());
  }
}

// One BITOP: sources are read at one instant. If the result is large it is computed with no lock held, and stored if
// the sources have not changed meanwhile; otherwise all is done again.
class BitCombination {
 public:
  BitCombination(Keyspace& keyspace, BitOperation operation, std::size_t sources)
      : keyspace_(keyspace), operation_(operation), values_(sources), views_(sources) {}
  ~BitCombination() {
    if (blob_ != nullptr) blob_->release();
  }
  BitCombination(const BitCombination&) = delete;
  BitCombination& operator=(const BitCombination&) = delete;

  // The step under the locks: key 0 is the target, the others are the sources.
  bool step(keyspace::MultiKey& keys) {
    keys.find(0, Want::kOverwrite);
    if (blob_ == nullptr || !as_before(keys)) {
      if (blob_ != nullptr) blob_->release();
      blob_ = nullptr;
      take(keys);
      if (keys.must_wait()) return false;
      if (size_ > keyspace::kInlineBytesMax || total_ > kBytesUnderLocks) {
        return keys.compute([this, hash = keys.key(0).hash] { return compute(hash); });
      }
    }
    if (keys.must_wait()) return false;
    if (size_ == 0) {
      keys.stage_removal(0);
      return true;
    }
    keys.need(0, EntryType::kString, size_, false);
    if (!keys.has_room()) return false;
    char small[keyspace::kInlineBytesMax];
    std::string_view value;
    if (size_ <= keyspace::kInlineBytesMax) {
      if (blob_ == nullptr) {
        combine(operation_, views_, small, size_);
        value = {small, size_};
      } else {
        value = blob_->view();
      }
    }
    is_blob_ = size_ > keyspace::kInlineBytesMax;
    keys.stage(0, {.bytes = value, .outside = keyspace::Outside(is_blob_ ? blob_ : nullptr)}, Entry::kNoDeadline);
    return true;
  }
  void committed() {
    if (is_blob_) blob_ = nullptr;
  }
  std::uint64_t size() const { return size_; }

 private:
  // With no lock held.
  Status compute(std::uint64_t hash) {
    // The bound may have been lowered since the sources were stored.
    if (!keyspace_.environment().value_fits(size_)) return keyspace_.environment().value_too_large(size_);
    Result<Blob*> blob = keyspace_.make_blob(hash, size_, size_);
    if (!blob) return blob.status();
    blob_ = *blob;
    combine(operation_, views_, blob_->bytes(), size_);
    return {};
  }
  void take(keyspace::MultiKey& keys) {
    size_ = total_ = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i].reset();
      if (const Entry* entry = keys.find_as(EntryType::kString, i + 1, Want::kSource)) values_[i].take(*entry);
      views_[i] = values_[i].view();
      size_ = std::max<std::uint64_t>(size_, views_[i].size());
      total_ += views_[i].size();
    }
  }
  bool as_before(keyspace::MultiKey& keys) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Entry* entry = keys.find(i + 1, Want::kSource);
      const bool there = entry != nullptr;
      if (there != values_[i].taken() || (there && !values_[i].same_as(*entry))) return false;
    }
    return true;
  }

  Keyspace& keyspace_;
  const BitOperation operation_;
  std::vector<ValueCopy> values_;
  std::vector<std::string_view> views_;
  std::uint64_t size_ = 0;
  std::uint64_t total_ = 0;
  Blob* blob_ = nullptr;
  bool is_blob_ = false;
};

}  // namespace

Result<std::uint64_t> Bits::bit_op(BitOperation operation, std::string_view to, const KeyList& from) {
  if (from.size() == 0) return Status(ErrorCode::kInvalidArgument, "BITOP needs a source");
  if (operation == BitOperation::kNot && from.size() != 1) {
    return Status(ErrorCode::kInvalidArgument, "BITOP NOT takes one source");
  }
  if (from.size() >= keyspace::kKeysAtOnceMax)
    return Status(ErrorCode::kTooManyKeys, "BITOP takes at most 1,023 sources");
  std::vector<std::string_view> keys{to};
  keys.insert(keys.end(), from.begin(), from.end());
  keyspace::MultiKey multi(*keyspace_, keys);
  BitCombination combination(*keyspace_, operation, from.size());
  Status status = multi.run([&](keyspace::MultiKey& all) { return combination.step(all); });
  if (multi.committed()) combination.committed();
  if (!status.ok()) return status;
  return combination.size();
}

}  // namespace larder
