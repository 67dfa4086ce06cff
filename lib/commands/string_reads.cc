// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that read strings.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/hold_work.h"
#include "base/prefetch.h"
#include "commands/user_function.h"
#include "keyspace/keyspace.h"
#include "larder/strings.h"

namespace larder {

using keyspace::Entry;
using keyspace::EntryType;
using keyspace::Use;
using keyspace::use_of;
using keyspace::ValueCopy;

namespace {

Lookup<std::string> copy_of(keyspace::Keyspace& keyspace, std::string_view key, Use use) {
  ValueCopy value;
  Status status = keyspace.view_as(EntryType::kString, key, use, [&](const Entry* entry) {
    if (entry != nullptr) value.take(*entry);
  });
  if (!status.ok()) return status;
  if (!value.taken()) return {};
  return value.str();
}

}  // namespace

Lookup<std::string> Strings::get(std::string_view key) { return copy_of(*keyspace_, key, Use::kMark); }

Lookup<std::string> Strings::peek(std::string_view key) { return copy_of(*keyspace_, key, Use::kPeek); }

Lookup<std::size_t> Strings::get(std::string_view key, std::string& value) {
  enum class Taken { kNo, kWhole, kHeld };
  Taken taken = Taken::kNo;
  ValueCopy held;
  // Inlined: a hit would take a tenth longer.
  const auto take = [&](const Entry* entry) __attribute__((always_inline)) {
    if (entry == nullptr) return;
    if (!entry->external() && entry->inline_value().size() <= value.capacity()) {
      const std::string_view bytes = entry->inline_value();
      if (value.size() != bytes.size()) value.resize(bytes.size());  // allocates nothing
      base::count_bytes(bytes.size());
      std::memcpy(value.data(), bytes.data(), bytes.size());
      taken = Taken::kWhole;
    } else {
      held.take(*entry);
      taken = Taken::kHeld;
    }
  };
  Status status = keyspace_->view_as(EntryType::kString, key, Use::kMark, take);
  if (!status.ok()) return status;
  if (taken == Taken::kNo) return {};
  if (taken == Taken::kHeld) value.assign(held.view());
  return value.size();
}

Lookup<Pinned> Strings::pin(std::string_view key) {
  ValueCopy value;
  Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), [&](const Entry* entry) {
    if (entry == nullptr) return;
    value.take(*entry);
    if (entry->external()) entry->outside().blob()->pin();
  });
  if (!status.ok()) return status;
  if (!value.taken()) return {};
  if (Blob* blob = value.release_outside().blob()) {
    blob->release();  // the handle's own reference came with the pin
    return Pinned(blob);
  }
  return Pinned(value.str());
}

std::string_view Pinned::blob_view() const noexcept { return blob_->view(); }

void Pinned::release() noexcept { blob_->unpin(); }

Lookup<std::size_t> Strings::read(std::string_view key, FunctionRef<void(std::string_view)> use) {
  ValueCopy value;
  Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), [&](const Entry* entry) {
    if (entry != nullptr) value.take(*entry);
  });
  if (!status.ok()) return status;
  if (!value.taken()) return {};
  status = commands::run_user("read", [&] { use(value.view()); });
  if (!status.ok()) return status;
  return value.view().size();
}

// --- Batches --------------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kBatch = 16;

template <typename Found, typename Failed>
void read_missing(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys,
                  std::span<const std::size_t> missing, Found&& found, Failed&& failed) {
  std::vector<std::string_view> names;
  for (const std::size_t i : missing) names.push_back(keys[i]);
  std::vector<ValueCopy> values(missing.size());
  std::vector<Status> failures(missing.size());
  keyspace.read_through(names, [&](std::size_t i, const Entry* entry, const Status& status) {
    if (entry != nullptr) values[i].take(*entry);
    failures[i] = status;
  });
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (values[i].type() == EntryType::kString) found(missing[i], values[i].view());
    if (!failures[i].ok()) failed(missing[i], failures[i]);
  }
}

// Looks up many keys, so that the cache misses of sixteen overlap: their buckets are fetched, then their entries, then
// they are read. found(i, value) runs with no lock held. What is not resident, and a store may have, comes last.
template <typename Found, typename Failed>
Status look_up_many(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, bool looks, Found&& found,
                    Failed&& failed) {
  if (Status status = keyspace::Keyspace::check_sizes(keys); !status.ok()) return status;
  std::array<std::uint64_t, kBatch> hashes;
  std::vector<std::size_t> missing;
  for (std::size_t first = 0; first < keys.size(); first += kBatch) {
    const auto batch = keys.subspan(first, std::min(kBatch, keys.size() - first));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      hashes[i] = keyspace.hash_of(batch[i]);
      base::prefetch(&keyspace.shard_of(hashes[i]));
    }
    for (std::size_t i = 0; i < batch.size(); ++i) keyspace.shard_of(hashes[i]).prefetch_bucket(hashes[i]);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      keyspace::Shard& shard = keyspace.shard_of(hashes[i]);
      base::MutexLock lock(shard.mutex);
      shard.prefetch_found(hashes[i]);
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ValueCopy value;
      Status status = keyspace.view(hashes[i], batch[i], use_of(looks, Use::kMarkResident), [&](const Entry* entry) {
        if (entry != nullptr) value.take(*entry);
      });
      if (!status.ok()) return status;
      if (value.type() == EntryType::kString) {
        found(first + i, value.view());
      } else if (!value.taken() && keyspace.has_store() && !looks) [[unlikely]] {
        missing.push_back(first + i);
      }
    }
  }
  if (!missing.empty()) [[unlikely]]
    read_missing(keyspace, keys, missing, found, failed);
  return {};
}

}  // namespace

std::vector<Lookup<std::string>> Strings::mget(const KeyList& keys) {
  std::vector<Lookup<std::string>> values(keys.size());
  Status status = look_up_many(
      *keyspace_, keys, looks_, [&](std::size_t i, std::string_view value) { values[i] = std::string(value); },
      [&](std::size_t i, const Status& failure) { values[i] = failure; });
  if (!status.ok()) {
    for (auto& value : values) value = status;
  }
  return values;
}

Result<std::size_t> Strings::mget(const KeyList& keys, FunctionRef<void(std::size_t, std::string_view)> use) {
  std::size_t found = 0;
  Status thrown;
  Status failure;
  Status status = look_up_many(
      *keyspace_, keys, looks_,
      [&](std::size_t i, std::string_view value) {
        ++found;
        if (thrown.ok()) thrown = commands::run_user("mget", [&] { use(i, value); });
      },
      [&](std::size_t, const Status& one) { failure = one; });
  if (!thrown.ok()) return thrown;
  if (status.ok()) status = std::move(failure);
  if (!status.ok()) return status;
  return found;
}

// --- Parts ----------------------------------------------------------------------------------------------------------------

Lookup<std::uint64_t> Strings::strlen(std::string_view key) {
  Lookup<std::uint64_t> length;
  Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), [&](const Entry* entry) {
    if (entry != nullptr) length = std::uint64_t{entry->value().size()};
  });
  if (!status.ok()) return status;
  return length;
}

Result<std::string> Strings::get_range(std::string_view key, std::int64_t first, std::int64_t last) {
  ValueCopy value;
  Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), [&](const Entry* entry) {
    if (entry != nullptr) value.take(*entry);
  });
  if (!status.ok()) return status;
  const auto size = static_cast<std::int64_t>(value.view().size());
  if (first < 0 && last < 0 && first > last) return std::string();
  if (first < 0) first = std::max<std::int64_t>(first + size, 0);
  if (last < 0) last = std::max<std::int64_t>(last + size, 0);
  last = std::min(last, size - 1);
  if (first > last || size == 0) return std::string();
  return std::string(value.view().substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1)));
}

}  // namespace larder
