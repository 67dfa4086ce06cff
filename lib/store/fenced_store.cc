// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "store/fenced_store.h"

#include <exception>
#include <string>

#include "larder/options.h"

namespace larder {

namespace {

// Runs what the store does. What it threw, or ok.
template <typename Call>
Status fenced(ErrorCode code, Call&& call) {
  const store::FencedStore::Inside inside;
  try {
    return call();
  } catch (const std::exception& error) {
    return {code, std::string("the store threw: ") + error.what()};
  } catch (...) {
    return {code, "the store threw something that is no std::exception"};
  }
}

}  // namespace

// One that throws fails alone.
void BackingStore::load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Status thrown = fenced(ErrorCode::kStoreThrew, [&]() -> Status {
      found[i] = load(keys[i]);
      return {};
    });
    if (!thrown.ok()) found[i] = std::move(thrown);
  }
}

Lookup<StoredValue> BackingStore::load_if_changed(std::string_view key, std::uint64_t) { return load(key); }

namespace store {

namespace {

thread_local int depth = 0;

}  // namespace

bool FencedStore::inside() noexcept { return depth != 0; }
FencedStore::Inside::Inside() noexcept { ++depth; }
FencedStore::Inside::~Inside() { --depth; }

void FencedStore::check(Lookup<StoredValue>* found) {
  counters_.loads.fetch_add(1, std::memory_order_relaxed);
  if (*found && ((*found)->type < ValueType::kString || (*found)->type > ValueType::kSortedSet)) {
    *found = Status(ErrorCode::kStoreFailed, "the store gave a value of a type that is not known");
  } else if (*found && (*found)->type == ValueType::kString && (*found)->bytes.size() > kValueBytesMax) {
    *found = Status(ErrorCode::kValueTooLarge, "the store gave a string of more than 512 MiB");
  }
  if (!found->status().ok()) counters_.loads_failed.fetch_add(1, std::memory_order_relaxed);
}

Lookup<StoredValue> FencedStore::load(std::string_view key) {
  return load_by([&] { return options_.backing->load(key); });
}

Lookup<StoredValue> FencedStore::load_if_changed(std::string_view key, std::uint64_t version) {
  return load_by([&] { return options_.backing->load_if_changed(key, version); });
}

Lookup<StoredValue> FencedStore::load_by(FunctionRef<Lookup<StoredValue>()> call) {
  Lookup<StoredValue> found;
  Status thrown = fenced(ErrorCode::kStoreThrew, [&]() -> Status {
    found = call();
    return {};
  });
  if (!thrown.ok()) found = std::move(thrown);
  check(&found);
  return found;
}

void FencedStore::load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) {
  const Status thrown = fenced(ErrorCode::kStoreThrew, [&]() -> Status {
    options_.backing->load_many(keys, found);
    return {};
  });
  for (Lookup<StoredValue>& one : found) {
    if (!thrown.ok()) one = thrown;
    check(&one);
  }
}

void FencedStore::write(std::span<const Mutation> batch, std::span<WriteResult> results) {
  using Outcome = WriteResult::Outcome;
  bool threw = true;
  const Status whole = fenced(ErrorCode::kOutcomeUnknown, [&] {
    Status status = options_.backing->write(batch, results);
    threw = false;
    return status;
  });
  counters_.writes.fetch_add(batch.size(), std::memory_order_relaxed);
  for (WriteResult& result : results) {
    if (threw) result = {};  // it did not mean to end here
    if (result.outcome == Outcome::kAsTheBatch) {
      if (whole.ok()) result.outcome = Outcome::kDone;
      if (!whole.ok()) result.error = {ErrorCode::kOutcomeUnknown, whole.message()};
    }
    if (result.outcome == Outcome::kDone) {
      result.error = {};
      continue;
    }
    const bool unknown = result.outcome == Outcome::kUnknown || result.outcome == Outcome::kAsTheBatch;
    if (result.error.ok()) {
      const ErrorCode code = result.outcome == Outcome::kNever ? ErrorCode::kStoreRefused : ErrorCode::kStoreFailed;
      result.error = unknown ? Status(ErrorCode::kOutcomeUnknown, "the store did not say whether it was written")
                             : Status(code, "the store did not write it, and did not say why");
    }
    (unknown ? counters_.writes_unknown : counters_.writes_failed).fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace store
}  // namespace larder
