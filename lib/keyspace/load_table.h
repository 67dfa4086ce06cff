// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Loads in flight, as a shard knows them: so that a write or an invalidation of the key can overtake the load
// (CONTRACTS L3). What a load is, and who waits for it, is known to the room `loading`.
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <tsl/robin_map.h>

#include <memory>
#include <string>
#include <string_view>

namespace larder::keyspace {

struct Load {
  virtual ~Load() = default;
  bool overtaken = false;  // what is loaded must not be stored. Guarded by the shard's lock
};

class LoadTable {
 public:
  bool empty() const noexcept { return loads_.empty(); }
  std::size_t size() const noexcept { return loads_.size(); }

  std::shared_ptr<Load> find(std::string_view key) const {
    const auto found = loads_.find(key);
    return found == loads_.end() ? nullptr : found->second;
  }
  void insert(std::string_view key, std::shared_ptr<Load> load) { loads_.insert({std::string(key), std::move(load)}); }
  // Unless it was overtaken, and is gone.
  void erase(std::string_view key, const Load& load) {
    const auto found = loads_.find(key);
    if (found != loads_.end() && found->second.get() == &load) loads_.erase(found);
  }

  // Whoever comes from now on must not join it, so it leaves the table.
  void overtake(std::string_view key) {
    const auto found = loads_.find(key);
    if (found == loads_.end()) return;
    found->second->overtaken = true;
    loads_.erase(found);
  }
  // All whose key begins with this.
  void overtake_prefix(std::string_view prefix) {
    for (auto load = loads_.begin(); load != loads_.end();) {
      if (!std::string_view(load->first).starts_with(prefix)) {
        ++load;
        continue;
      }
      load->second->overtaken = true;
      load = loads_.erase(load);
    }
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  tsl::robin_map<std::string, std::shared_ptr<Load>, Hash, std::equal_to<>> loads_;
};

}  // namespace larder::keyspace
