// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection that is being edited by one command: small, as long as it may be, or large. What comes out is an entry's
// new value; if the command fails, it is dropped, and nothing was changed.
//
// A large one that nobody else holds may be edited where it is. Then each edit is done, or has changed nothing, but a
// command of several edits that fails at a later one would leave the earlier: such commands edit another version.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/key_hash.h"
#include "collections/large.h"
#include "collections/packed.h"
#include "collections/tree.h"

namespace larder::collections {

// Up to where a collection is small, if it fits into an entry. Redis's names: hash-max-listpack-entries and its kin.
struct SmallLimits {
  std::uint32_t entries = 128;
  std::uint32_t item_bytes = 64;
};

// What an edit works with.
struct Tools {
  PageMemory& memory;
  const base::KeyHash& hash;
  SmallLimits limits;
};

template <typename Contents>
class Draft {
 public:
  using LargeForm = LargeOf<Contents>;

  explicit Draft(const Tools& tools) noexcept : tools_(tools) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // Begins with what is there: packed bytes, or a large one that may be edited: it is the draft's from now on.
  void begin(std::string_view packed) noexcept { small_.assign(packed); }
  void begin(LargeForm* large) noexcept { large_ = large; }

  // Whether anything is another than before.
  bool changed() const noexcept { return changed_; }
  // Whether an edit has found no memory: what the draft is now must not be kept.
  bool refused() const noexcept { return refused_; }

  LargeForm* large() const noexcept { return large_; }
  const PackedDraft& small() const noexcept { return small_; }  // REQUIRES: large() is null

 protected:
  // Every edit's answer goes through here.
  Edited note(Edited edited, bool replaced = false) noexcept {
    changed_ |= edited == Edited::kDone || (edited == Edited::kNothing && replaced);
    refused_ |= edited == Edited::kNoMemory;
    return edited;
  }
  // After an item of so many bytes was put into a large one.
  void note_outgrown(std::size_t item_bytes) noexcept {
    if (item_bytes > tools_.limits.item_bytes || large_->contents.size() > tools_.limits.entries) {
      large_->outgrown = true;
    }
  }
  // From small to large: `fill` puts every item of the small one into the large one. False, with nothing changed: no
  // memory.
  template <typename Fill>
  bool outgrow(Fill&& fill) noexcept {
    LargeForm* large = LargeForm::create(tools_.memory);
    if (large == nullptr) return false;
    large->outgrown = small_.view().outgrown();
    large_ = large;
    if (fill()) return true;
    large_ = nullptr;
    large->discard(tools_.memory);
    return false;
  }
  // An item of a table, or what becomes of it; `write` gets the place for its bytes.
  template <typename Write>
  Edited put(std::string_view name, std::size_t bytes, Write&& write) noexcept {
    return place(bytes, write, [&](std::size_t stored, bool is_blob) {
      return large_->contents.put(tools_.memory, tools_.hash, tools_.hash(name), name, stored, is_blob);
    });
  }
  // Where an item's bytes go: into the place that `make` gives, or into a blob, which has its address there.
  template <typename Write, typename Make>
  Edited place(std::size_t bytes, Write&& write, Make&& make) noexcept {
    if (bytes <= kItemBytesMax) {
      const Placed placed = make(bytes, false);
      if (placed.bytes != nullptr) write(placed.bytes);
      return placed.edited;
    }
    Blob* blob = tools_.memory.new_blob(bytes);
    if (blob == nullptr) return Edited::kNoMemory;
    write(blob->bytes());
    const Placed placed = make(sizeof blob, true);
    if (placed.bytes == nullptr) {
      blob->release();
    } else {
      std::memcpy(placed.bytes, &blob, sizeof blob);
    }
    return placed.edited;
  }

  Tools tools_;
  PackedDraft small_;
  LargeForm* large_ = nullptr;

 private:
  bool changed_ = false;
  bool refused_ = false;
};

}  // namespace larder::collections
