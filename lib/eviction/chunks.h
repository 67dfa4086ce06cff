// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An array of records for a policy's own state, that grows and shrinks at its end by one record at a time.
//
// Records stand in chunks of 1 KiB at most, which are allocated when first needed and handed back when empty, and never
// move; so a call allocates no more than a chunk, but for the directory of the chunks, which doubles and is then
// copied: 8 bytes for each chunk.
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "larder/eviction.h"

namespace larder::eviction {

template <typename Record>
class Chunks {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  Chunks() = default;
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  ~Chunks() { LARDER_DCHECK(directory_ == nullptr, "an array was dropped with its chunks"); }

  std::uint32_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // REQUIRES: number < size().
  Record& operator[](std::uint32_t number) noexcept { return directory_[number / kRecords][number % kRecords]; }
  const Record& operator[](std::uint32_t number) const noexcept {
    return directory_[number / kRecords][number % kRecords];
  }

  // False if there is no memory for it.
  bool push_back(Residents& residents, const Record& record) {
    const std::uint32_t chunk = size_ / kRecords;
    if (chunk == chunks_) {
      if (chunks_ == places_ && !direct(residents, places_ == 0 ? kPlacesMin : 2 * places_)) return false;
      void* block = residents.allocate(kChunkBytes);
      if (block == nullptr) return false;
      directory_[chunks_++] = static_cast<Record*>(block);
    }
    directory_[chunk][size_++ % kRecords] = record;
    return true;
  }
  // REQUIRES: !empty().
  void pop_back(Residents& residents) {
    --size_;
    // One that is empty is kept as long as the one before it is nearly full: who comes and goes there needs it again.
    const std::uint32_t wanted = size_ == 0 ? 0 : (size_ + kRecords / 2 - 1) / kRecords + 1;
    while (chunks_ > wanted) residents.deallocate(directory_[--chunks_], kChunkBytes);
    if (size_ == 0) {
      free_directory(residents);
    } else if (places_ > kPlacesMin && chunks_ <= places_ / 4) {
      direct(residents, places_ / 2);
    }
  }
  void clear(Residents& residents) {
    while (chunks_ != 0) residents.deallocate(directory_[--chunks_], kChunkBytes);
    free_directory(residents);
    size_ = 0;
  }

 private:
  static constexpr std::uint32_t kRecords = std::bit_floor(1'024 / sizeof(Record));  // so that no access divides
  static constexpr std::size_t kChunkBytes = kRecords * sizeof(Record);
  static constexpr std::uint32_t kPlacesMin = 8;

  // A directory for so many chunks. False: no memory, it is as it was.
  bool direct(Residents& residents, std::uint32_t places) {
    auto* directory = static_cast<Record**>(residents.allocate(places * sizeof(Record*)));
    if (directory == nullptr) return false;
    if (chunks_ != 0) std::memcpy(directory, directory_, chunks_ * sizeof(Record*));
    free_directory(residents);
    directory_ = directory;
    places_ = places;
    return true;
  }
  void free_directory(Residents& residents) {
    if (directory_ != nullptr) residents.deallocate(directory_, places_ * sizeof(Record*));
    directory_ = nullptr;
    places_ = 0;
  }

  Record** directory_ = nullptr;
  std::uint32_t places_ = 0;  // in the directory
  std::uint32_t chunks_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace larder::eviction
