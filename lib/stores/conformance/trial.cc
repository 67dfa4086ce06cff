// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stores/conformance/trial.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "larder/clock.h"

namespace larder::stores::conformance {
namespace {

constexpr std::size_t kShownMax = 40;  // of a value

std::string printable(const std::optional<UnixTime>& end) {
  return end ? ", ends at " + std::to_string(end->time_since_epoch().count()) + " ms" : ", without end";
}

}  // namespace

std::string printable(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char one : bytes.substr(0, kShownMax)) {
    const auto byte = static_cast<unsigned char>(one);
    if (byte >= 0x20 && byte < 0x7f && one != '"' && one != '\\') {
      text += one;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text + (bytes.size() > kShownMax ? "...\", " + std::to_string(bytes.size()) + " bytes" : "\"");
}

std::string printable(const Lookup<StoredValue>& found) {
  if (!found.status().ok()) return "an error: " + found.status().to_string();
  if (!found) return "a miss";
  return printable(found->bytes) + printable(found->expires_at) +
         (found->version == 0 ? "" : ", version " + std::to_string(found->version)) +
         (found->type == ValueType::kString ? "" : ", type " + std::to_string(static_cast<int>(found->type)));
}

std::string printable(const Lookup<StoredValue>& found, std::string_view bytes) {
  std::string text = printable(found);
  if (!found || found->bytes == bytes) return text;
  const std::string_view got = found->bytes;
  const auto offset = std::mismatch(got.begin(), got.end(), bytes.begin(), bytes.end()).first - got.begin();
  if (static_cast<std::size_t>(offset) >= kShownMax) text += ", differs from offset " + std::to_string(offset) + " on";
  return text;
}

std::string printable(const WriteResult& result) {
  constexpr std::string_view kNames[] = {"as the batch", "done", "retry", "never", "unknown"};
  std::string text(kNames[static_cast<std::size_t>(result.outcome)]);
  if (!result.error.ok()) text += " (" + result.error.to_string() + ")";
  return text;
}

std::string what_was_thrown() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<char>(seed >> 56);
  }
  return bytes;
}

UnixTime in(Milliseconds time) { return UnixTime(Clock::system().unix_time() + time); }

bool is(const Lookup<StoredValue>& found, std::string_view bytes, std::optional<UnixTime> end, ValueType type) {
  return found && found->type == type && found->bytes == bytes && found->expires_at == end;
}

std::shared_ptr<BackingStore> Trial::open_one(std::string* why) const {
  *why = "null";
  try {
    return options_.open ? options_.open() : nullptr;
  } catch (...) {
    *why = "an exception: " + what_was_thrown();
    return nullptr;
  }
}

bool Trial::open() {
  store_.reset();
  first_.reset();
  std::string why;
  store_ = open_one(&why);
  return require(store_ != nullptr, "open()", "a store", why);
}

bool Trial::open_beside() {
  std::string why;
  std::shared_ptr<BackingStore> second = open_one(&why);
  if (second == nullptr) return false;
  first_ = std::exchange(store_, std::move(second));
  return true;
}

void Trial::clean_up() {
  for (const std::string& key : keys_) {
    if (store_ == nullptr) break;
    try {
      write_one(erase(key));
    } catch (...) {
      // A store that throws has been noted already.
    }
  }
  keys_.clear();
}

void Trial::begin(std::string_view check, std::string_view hint) {
  check_ = check;
  hint_ = hint;
  noted_ = 0;
  if (options_.on_check) options_.on_check(check);
}

void Trial::note(std::string did, std::string expected, std::string got, std::string_view hint) {
  constexpr std::size_t kKept = 3;
  if (noted_++ >= kKept) return;
  notes_.push_back(
      {check_, std::move(did), std::move(expected), std::move(got), hint.empty() ? hint_ : std::string(hint)});
}

void Trial::note_thrown(std::string did, std::string what) {
  note(std::move(did), "no exception: errors are values", std::move(what),
       "the store lets through what its database throws: it must become a Status, see BackingStore");
}

bool Trial::require(bool holds, const std::string& did, const std::string& expected, const std::string& got,
                    std::string_view hint) {
  if (!holds) note(did, expected, got, hint);
  return holds;
}

std::string Trial::key(std::string_view name) { return also(options_.key_prefix + check_ + "/" + std::string(name)); }

Mutation Trial::put(std::string_view key, std::string_view bytes, std::optional<UnixTime> end,
                    std::optional<std::uint64_t> expected_version) {
  return {.key = key, .bytes = bytes, .expires_at = end, .sequence = ++sequence_, .expected_version = expected_version};
}

Mutation Trial::erase(std::string_view key, std::optional<std::uint64_t> expected_version) {
  return {.kind = Mutation::Kind::kErase, .key = key, .sequence = ++sequence_, .expected_version = expected_version};
}

std::vector<WriteResult> Trial::write(std::span<const Mutation> batch) {
  // A store that writes beside its results damages nothing: one check looks for that.
  std::vector<WriteResult> results(batch.size() + 2);
  const Status whole = store_->write(batch, std::span(results).subspan(1, batch.size()));
  results.pop_back();
  results.erase(results.begin());
  for (WriteResult& result : results) {
    if (result.outcome != Outcome::kAsTheBatch) continue;
    result.outcome = whole.ok() ? Outcome::kDone : Outcome::kUnknown;
    result.error = whole;
  }
  return results;
}

bool Trial::must_write(std::initializer_list<Mutation> batch, const std::string& did) {
  bool good = true;
  const std::vector<WriteResult> results = write(batch);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string which = batch.size() == 1 ? "" : ", result " + std::to_string(i);
    good = require(results[i].outcome == Outcome::kDone, did + which, "done", printable(results[i])) && good;
  }
  return good;
}

bool Trial::must_be_there(std::string_view key, const std::string& did) {
  const Lookup<StoredValue> found = load(key);
  if (found.missing()) {
    late_ = "`write` answered before it had written, or loads come from another connection, or a replica, that lags";
  }
  return require(!found.missing(), did + ", then load", "what was put", "a miss", late_);
}

bool Trial::must_have(std::string_view key, std::string_view bytes, std::optional<UnixTime> end,
                      const std::string& did) {
  const Lookup<StoredValue> found = load(key);
  return require(is(found, bytes, end), did + ", then load", printable(bytes) + printable(end), printable(found, bytes),
                 late_);
}

bool Trial::must_miss(std::string_view key, const std::string& did) {
  const Lookup<StoredValue> found = load(key);
  return require(found.missing(), did + ", then load", "a miss", printable(found), late_);
}

bool Trial::must_conflict(const WriteResult& result, const std::string& did) {
  const bool holds = result.outcome == Outcome::kNever && result.error.code() == ErrorCode::kConflict;
  return require(holds, did, "WriteResult::conflict", printable(result));
}

std::vector<std::string> in_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::string> thrown;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        thrown.push_back(what_was_thrown());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return thrown;
}

}  // namespace larder::stores::conformance
