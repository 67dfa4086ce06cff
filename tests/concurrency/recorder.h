// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs operations on a cache and writes down when they were called, when they returned, and what they answered.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "concurrency/history.h"
#include "larder/cache.h"

namespace larder::concurrency {

// What one thread does. Thread safety: one thread; the order is shared.
class Recorder {
 public:
  // `peeks`: reads may peek, too, which sees what is resident only.
  Recorder(Cache& cache, Order& order, int thread, std::uint64_t seed, bool peeks = true)
      : cache_(cache), order_(order), thread_(thread), peeks_(peeks), random_(seed) {}

  // A random operation on this key.
  void act(const std::string& key);
  const std::map<std::string, std::vector<Operation>>& histories() const { return histories_; }

 private:
  void run(const std::string& key, Operation& operation);
  model::Answer run_read(const std::string& key, const Operation& operation);
  model::Answer run_write(const std::string& key, const Operation& operation);
  model::Answer run_on_collection(const std::string& key, const Operation& operation);
  model::Answer run_versioned(const std::string& key, Operation& operation);

  Cache& cache_;
  Order& order_;
  const int thread_;
  const bool peeks_;
  std::mt19937_64 random_;
  std::uint64_t written_ = 0;
  std::map<std::string, Version> versions_;
  std::map<std::string, std::vector<Operation>> histories_;
};

}  // namespace larder::concurrency
