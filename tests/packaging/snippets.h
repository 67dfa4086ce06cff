// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the blocks of C++ in README.md and docs/ take for granted: the reader's own things.
#pragma once

#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/cache.h"
#include "larder/near_cache.h"
#include "larder/stores/postgres_store.h"
#include "larder/stores/redis_store.h"
#include "larder/stores/sqlite_store.h"

using namespace std::chrono_literals;

struct OwnStore : larder::BackingStore {
  larder::Lookup<larder::StoredValue> load(std::string_view key) override;
  larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult> results) override;
};
using Users = OwnStore;
using Pages = OwnStore;

struct Database {
  std::string run(std::string_view query);
  std::vector<larder::Loaded> run_all(std::span<const std::string_view> queries);
};

struct Prices {
  std::string price(std::string_view sku);
};

extern larder::Cache& cache;
extern larder::NearCache& near_cache;
extern const std::shared_ptr<larder::BackingStore> store;
extern Prices service;
extern const std::string sku;
extern Database database;
extern const std::string query;
extern const std::vector<std::string> keys;

void greet(std::string_view name);
void report(const larder::Status& status);
void run_the_program(larder::Cache& cache);
void log_and_keep(const larder::DeadLetter& letter);
void warn_somebody();
