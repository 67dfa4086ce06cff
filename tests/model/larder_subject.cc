// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder as a subject.
#include "model/larder_subject.h"

namespace larder::model {

LarderSubject::LarderSubject(const RunSetup& setup)
    : allocator_(setup.max_memory == 0 ? support::CountingAllocator::kNoCeiling : setup.max_memory) {
  Options options;
  options.max_memory = setup.max_memory;
  options.max_entries = setup.max_entries;
  options.eviction = Eviction::named(setup.policy).value();
  options.expiry.idle = setup.idle;
  options.value_bytes_max = setup.value_bytes_max;
  options.shards = setup.shards;
  options.clock = &clock_;
  options.allocator = &allocator_;
  options.seed = setup.seed;
  options.store = setup.store;
  if (setup.listens) {
    options.on_removal = [this](std::string_view key, std::string_view value, RemovalCause cause) {
      removals_.push_back({std::string(key), std::string(value), cause});
    };
  }
  cache_ = std::make_unique<Cache>(options);
  allocator_.fail_one_in(setup.allocations_fail_one_in);
  driver_ = std::make_unique<CacheDriver>(*cache_);
}

LarderSubject::~LarderSubject() = default;

Answer LarderSubject::run(const Command& command) {
  if (command.verb == Verb::kAdvance) {
    clock_.advance(Milliseconds(command.first));
    return Answer::done();
  }
  return driver_->run(command);
}

ScanStep LarderSubject::scan_step(std::uint64_t cursor, std::uint32_t count) {
  auto page = cache_->scan(cursor, {.count = count});
  if (!page.ok()) return {};
  return {page->cursor, std::move(page->keys)};
}

Usage LarderSubject::usage() {
  const Stats stats = cache_->stats();
  return {.bytes_used = stats.bytes_used,
          .max_memory = stats.max_memory,
          .allocated = allocator_.live(),
          .worst_excess = allocator_.worst_excess(),
          .entries = stats.entries};
}

std::string LarderSubject::complaints() {
  const Status status = cache_->check_invariants();
  std::string text = status.ok() ? "" : status.to_string() + "; ";
  text += driver_->check_handles();
  const Stats stats = cache_->stats();
  const std::uint64_t sum =
      stats.bytes_data + stats.bytes_entries + stats.bytes_index + stats.bytes_set_aside + stats.bytes_fixed;
  if (sum != stats.bytes_used) {
    text += "bytes_used is " + std::to_string(stats.bytes_used) + ", its parts are " + std::to_string(sum) + "; ";
  }
  if (allocator_.live() > stats.bytes_used) {
    text +=
        std::to_string(allocator_.live()) + " bytes are allocated, " + std::to_string(stats.bytes_used) + " charged; ";
  }
  return text;
}

std::string LarderSubject::finish() {
  std::string text = complaints();
  cache_.reset();
  text += driver_->check_handles();  // they outlive the cache
  driver_->let_all_go();
  return text + allocator_.complaints(true);
}

std::unique_ptr<Subject> make_larder(const RunSetup& setup) { return std::make_unique<LarderSubject>(setup); }

}  // namespace larder::model
