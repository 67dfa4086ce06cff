// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The ways to the database that the demo compares. CachedAccess is all that a program has to write to put Larder in
// front of its own: a load through the cache for each read, an invalidation after each update (cache-aside). The third
// way, with the database behind the cache, is in behind.h.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "database.h"
#include "larder/cache.h"

namespace demo {

// "row:" and the number.
class RowKey {
 public:
  explicit RowKey(std::uint32_t id) : end_(std::to_chars(&text_[4], text_.data() + text_.size(), id).ptr) {}
  std::string_view view() const { return {text_.data(), end_}; }

 private:
  std::array<char, 16> text_{'r', 'o', 'w', ':'};
  char* end_;
};

// Thread safety: one object for each thread.
class Access {
 public:
  virtual ~Access() = default;
  // A row's value, or the error that there was instead.
  virtual larder::Lookup<std::string> read(std::uint32_t id) = 0;
  // Writes a new version and returns its number; whoever reads from now on must see it. Throws DatabaseError.
  virtual std::uint32_t update(std::uint32_t id, std::uint64_t stamp) = 0;

  std::uint64_t database_reads() const { return database_reads_; }

 protected:
  std::uint64_t database_reads_ = 0;
};

class DirectAccess final : public Access {
 public:
  explicit DirectAccess(Database& database) : connection_(database) {}

  larder::Lookup<std::string> read(std::uint32_t id) override {
    ++database_reads_;
    return connection_.read(id);
  }
  std::uint32_t update(std::uint32_t id, std::uint64_t stamp) override { return connection_.update(id, stamp); }

 private:
  Connection connection_;
};

class CachedAccess final : public Access {
 public:
  CachedAccess(Database& database, larder::Cache& cache, std::chrono::milliseconds ttl, bool invalidates)
      : connection_(database), cache_(cache), invalidates_(invalidates) {
    if (ttl.count() > 0) load_options_.ttl = ttl;
  }

  larder::Lookup<std::string> read(std::uint32_t id) override {
    const RowKey key(id);
    return cache_.get_or_load(
        key.view(),
        [&] {
          ++database_reads_;
          return connection_.read(id);
        },
        load_options_);
  }

  std::uint32_t update(std::uint32_t id, std::uint64_t stamp) override {
    const std::uint32_t version = connection_.update(id, stamp);  // the database first
    if (invalidates_) {
      const auto dropped = cache_.invalidate(RowKey(id).view());
      if (!dropped.ok())
        throw DatabaseError("cannot invalidate row " + std::to_string(id) + ": " + dropped.status().to_string());
    }
    return version;
  }

 private:
  Connection connection_;
  larder::Cache& cache_;
  larder::LoadOptions load_options_;
  bool invalidates_;
};

}  // namespace demo
