// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A queue of 32-bit ids in linked blocks: 4.1 bytes an id in long lists, eight bytes for an empty one. Timers and
// eviction queues keep ids of entries here, where intrusive lists would take sixteen bytes an entry and more.
//
// Memory is anything with allocate(bytes) -> null when there is none, and deallocate(block, bytes); it is handed in, so
// that a list costs one pointer. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace larder::memory {

class IdList {
 public:
  IdList() = default;
  IdList(const IdList&) = delete;
  IdList& operator=(const IdList&) = delete;
  ~IdList() { LARDER_DCHECK(last_ == nullptr, "an id list was dropped with its blocks"); }

  bool empty() const noexcept { return last_ == nullptr || last_->next->begin == last_->next->end; }

  // False if there is no memory for another block.
  template <typename Memory>
  bool push_back(Memory& memory, std::uint32_t id) {
    if (!reserve(memory)) return false;
    last_->ids()[last_->end++] = id;
    return true;
  }
  // Makes sure that the next push_back succeeds. False if there is no memory for it.
  template <typename Memory>
  bool reserve(Memory& memory) {
    if (last_ == nullptr || last_->end == last_->capacity) {
      const std::uint16_t capacity = last_ == nullptr ? kIdsFirst : grown(last_->capacity);
      auto* block = static_cast<Block*>(memory.allocate(block_bytes(capacity)));
      if (block == nullptr) return false;
      block->begin = block->end = 0;
      block->capacity = capacity;
      block->next = last_ == nullptr ? block : last_->next;
      if (last_ != nullptr) last_->next = block;
      last_ = block;
    }
    return true;
  }

  // REQUIRES: !empty().
  template <typename Memory>
  std::uint32_t pop_front(Memory& memory) {
    Block* first = last_->next;
    const std::uint32_t id = first->ids()[first->begin++];
    if (first->begin == first->end) drop_first(memory);
    return id;
  }

  // The id that pop_front gives after `ahead` others, if it stands in the same block: for prefetching. REQUIRES:
  // !empty().
  bool peek(std::uint16_t ahead, std::uint32_t* id) const noexcept {
    const Block* first = last_->next;
    if (first->begin + ahead >= first->end) return false;
    *id = first->ids()[first->begin + ahead];
    return true;
  }

  template <typename Memory>
  void clear(Memory& memory) {
    while (last_ != nullptr) drop_first(memory);
  }
  void swap(IdList& other) noexcept {
    Block* mine = last_;
    last_ = other.last_;
    other.last_ = mine;
  }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (last_ == nullptr) return;
    const Block* block = last_->next;
    for (;; block = block->next) {
      for (std::uint16_t i = block->begin; i < block->end; ++i) visit(block->ids()[i]);
      if (block == last_) return;
    }
  }

  static constexpr std::size_t kBlockBytesMax = 512;

 private:
  struct Block {
    Block* next;  // in a ring: the last block's is the first
    std::uint16_t begin, end, capacity;
    std::uint32_t* ids() noexcept { return reinterpret_cast<std::uint32_t*>(this + 1); }
    const std::uint32_t* ids() const noexcept { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  };
  static_assert(sizeof(Block) == 16);
  static constexpr std::uint16_t kIdsFirst = 4;  // 32 bytes

  static constexpr std::size_t block_bytes(std::uint16_t capacity) { return sizeof(Block) + 4u * capacity; }
  // Blocks of 32, 64, ... kBlockBytesMax bytes.
  static constexpr std::uint16_t grown(std::uint16_t capacity) {
    const std::size_t bytes = block_bytes(capacity) * 2;
    return static_cast<std::uint16_t>(((bytes < kBlockBytesMax ? bytes : kBlockBytesMax) - sizeof(Block)) / 4);
  }

  template <typename Memory>
  void drop_first(Memory& memory) {
    Block* first = last_->next;
    if (first == last_) {
      last_ = nullptr;
    } else {
      last_->next = first->next;
    }
    memory.deallocate(first, block_bytes(first->capacity));
  }

  Block* last_ = nullptr;
};

}  // namespace larder::memory
