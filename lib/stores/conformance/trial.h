// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the checks are made of: calls to the store under test, and notes of what came otherwise than it should.
//
// Thread safety: load and write, and what only they use, may be called by several threads; notes by one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/store_conformance.h"

namespace larder::stores::conformance {

constexpr std::size_t kKeyBytesMax = 65'535;
constexpr std::size_t kAppendedBytesMax = 64;  // to the prefix, but by what tries the longest key

std::string printable(std::string_view bytes);
std::string printable(const Lookup<StoredValue>& found);
// And from where on its bytes are not those, where what is shown of them is.
std::string printable(const Lookup<StoredValue>& found, std::string_view bytes);
std::string printable(const WriteResult& result);
// In a catch (...).
std::string what_was_thrown();

// Bytes that look like nothing, the same for the same seed.
std::string noise(std::size_t size, std::uint64_t seed);
// A whole second from now, and some: an end that is far away, to the millisecond.
UnixTime in(Milliseconds time);

class Trial {
 public:
  using Outcome = WriteResult::Outcome;

  explicit Trial(const ConformanceOptions& options) : options_(options) {}

  const ConformanceOptions& options() const { return options_; }
  BackingStore& store() { return *store_; }
  // Lets go of what is open before. False, and a note, if it could not be opened.
  bool open();
  // A second one while the first is there: it is called from now on. False if that cannot be.
  bool open_beside();
  // From now on, notes and keys are of this check. Throws what on_check throws.
  void begin(std::string_view check, std::string_view hint);
  // Erases what the check has used.
  void clean_up();
  // The first three of a check are kept. The hint is the check's, if there is none.
  void note(std::string did, std::string expected, std::string got, std::string_view hint = {});
  // What the store threw, which is never the fault that the check's hint names.
  void note_thrown(std::string did, std::string what);
  std::vector<ConformanceFailure> notes() && { return std::move(notes_); }

  // A key of this check, which is erased when it ends.
  std::string key(std::string_view name);
  // Any key, likewise.
  const std::string& also(std::string key) { return keys_.emplace_back(std::move(key)); }

  Mutation put(std::string_view key, std::string_view bytes, std::optional<UnixTime> end = {},
               std::optional<std::uint64_t> expected_version = {});
  Mutation erase(std::string_view key, std::optional<std::uint64_t> expected_version = {});
  std::uint64_t new_group() { return ++groups_; }

  Lookup<StoredValue> load(std::string_view key) { return store_->load(key); }
  // What the cache would take for the answers: an answer for the batch is one for each.
  std::vector<WriteResult> write(std::span<const Mutation> batch);
  std::vector<WriteResult> write(std::initializer_list<Mutation> batch) {
    return write(std::span(batch.begin(), batch.size()));
  }
  WriteResult write_one(const Mutation& one) { return write({&one, 1})[0]; }

  // These note what is not so, and say whether it is.
  bool must_write(std::initializer_list<Mutation> batch, const std::string& did);
  bool must_write(const Mutation& one, const std::string& did) { return must_write({one}, did); }
  // What was put just now is found, with whatever bytes. If not, it is the hint from then on.
  bool must_be_there(std::string_view key, const std::string& did);
  bool must_have(std::string_view key, std::string_view bytes, std::optional<UnixTime> end, const std::string& did);
  bool must_have(std::string_view key, std::string_view bytes, const std::string& did) {
    return must_have(key, bytes, {}, did);
  }
  bool must_miss(std::string_view key, const std::string& did);
  bool must_conflict(const WriteResult& result, const std::string& did);
  bool require(bool holds, const std::string& did, const std::string& expected, const std::string& got,
               std::string_view hint = {});

 private:
  std::shared_ptr<BackingStore> open_one(std::string* why) const;

  const ConformanceOptions& options_;
  std::shared_ptr<BackingStore> store_;
  std::shared_ptr<BackingStore> first_;  // after open_beside
  std::string check_;
  std::string hint_;
  std::size_t noted_ = 0;  // of this check
  std::string_view late_;  // the hint of loads, once what was acknowledged was not there
  std::vector<std::string> keys_;
  std::vector<ConformanceFailure> notes_;
  std::atomic<std::uint64_t> sequence_{0};
  std::uint64_t groups_ = 0;
};

bool is(const Lookup<StoredValue>& found, std::string_view bytes, std::optional<UnixTime> end,
        ValueType type = ValueType::kString);

// The same in so many threads at one time; what they threw.
std::vector<std::string> in_threads(std::size_t count, const std::function<void(std::size_t)>& work);

struct Check {
  std::string_view name;
  std::string_view hint;  // what in a store often makes it fail
  void (*run)(Trial&);
  bool (*applies)(Trial&) = nullptr;  // null: always
};

std::span<const Check> value_checks();    // values.cc
std::span<const Check> batch_checks();    // batches.cc
std::span<const Check> thread_checks();   // threads.cc
std::span<const Check> version_checks();  // versions.cc
std::span<const Check> outage_checks();   // outages.cc

}  // namespace larder::stores::conformance
