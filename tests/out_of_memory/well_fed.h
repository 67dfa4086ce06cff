// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A store that has memory, whatever happens to the cache in front of it.
#pragma once

#include "larder/backing_store.h"
#include "out_of_memory/failing_new.h"

namespace larder::out_of_memory {

template <typename Store>
class WellFed final : public Store {
 public:
  using Store::Store;

  Lookup<StoredValue> load(std::string_view key) override {
    const Plenty plenty;
    return Store::load(key);
  }
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override {
    const Plenty plenty;
    Store::load_many(keys, found);
  }
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    const Plenty plenty;
    return Store::write(batch, results);
  }
};

}  // namespace larder::out_of_memory
