// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How a call answers. An operating error is a value, and nothing is thrown but std::bad_alloc, where operator new has
// no memory:
//
//   - for what is handed out: a copy of a value, a list, the words of an error
//   - in a call that names several keys, loads, or asks or writes a store behind; in `stats`, `set_eviction`, and for a
//     new cache
//
// What was to be changed has been, or has not, all of it where a call says "at once"; no key is held, and nobody waits
// for a load of that call. `tick`, `flush`, `close` and the destructor do not throw: what they have no memory for waits
// for another time, and what is left at the end is handed over without. The memory that max_memory bounds comes from
// Options::allocator: where that has none, the answer is kOutOfMemory.
//
//   Status      it worked, or an error code and a message
//   Result<T>   a write's answer: a value, or an error
//   Lookup<T>   a read's answer: a value, a miss, or an error. A miss is not an error.
//
// Thread safety: plain values, like std::optional.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace larder {

enum class ErrorCode : std::uint8_t {
  kOk = 0,
  kWrongType,          // the key holds another type than the command works on
  kNotAnInteger,       // the value or argument is no 64-bit signed integer
  kNotAFloat,          // the value or argument is no finite floating-point number
  kOverflow,           // the sum would leave the number's range
  kOutOfRange,         // an offset, bit position or count outside its limits
  kInvalidArgument,    // options that contradict each other, or make no sense
  kInvalidExpireTime,  // a time to live of zero or less where none is allowed, or beyond the range
  kNoSuchKey,          // the command needs a key that is not there
  kKeyTooLong,         // a key of more than kKeyBytesMax bytes
  kValueTooLarge,      // a value above the configured or the absolute limit
  kOutOfMemory,        // max_memory or max_entries is reached and nothing may be evicted, or too little
  kTooManyKeys,        // more keys than one atomic command may name
  kConflict,           // optimistic concurrency: the key changed since the version was read, here or in the store
  kClosed,             // the cache was closed
  kLoadFailed,         // for loaders to answer; and what callers get while a failure is remembered (error_ttl)
  kLoaderThrew,        // the loader threw an exception
  kReentrantLoad,      // a loader asked to load the key that it is loading
  kLoadDeadlock,       // loaders wait for each other's keys in a circle
  kTimeout,            // a deadline passed
  kCallbackThrew,      // a function handed to a call threw an exception
  kStoreFailed,        // for stores to answer: the backing store could not do it now, and nothing has changed
  kStoreRefused,       // for stores to answer: it never will, as the write is to blame, and nothing has changed
  kStoreThrew,         // the backing store threw an exception while it loaded
  kOutcomeUnknown,     // the backing store may or may not have written it; the cache has forgotten the key
  kReadOnly,           // the backing store is only read (StoreOptions::Writes::kRefuse)
  kUndeclaredKey,      // atomically: a key that was not declared
  kQueueFull,          // as many writes wait for the backing store as may (WriteBackOptions)
  kInterrupted,        // a call that waited was ended by Interrupt::interrupt
  kStoreMalformed,     // the backing store has bytes for a collection that are none (docs/stores.md)
  kDisconnected,       // a near cache: there is no connection to the server, and nothing was done
  kServerError,        // a near cache: the server answered an error that has no code of its own here
};

// The code's name, for example "out_of_memory". Static storage, no allocation.
std::string_view to_string(ErrorCode code) noexcept;

class Status {
 public:
  Status() noexcept = default;                       // it worked
  Status(ErrorCode code, std::string_view message);  // REQUIRES: code is not kOk. Checked
  Status(const Status& other) : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other) { return *this = Status(other); }
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool ok() const noexcept { return rep_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }
  ErrorCode code() const noexcept { return rep_ ? rep_->code : ErrorCode::kOk; }
  std::string_view message() const noexcept { return rep_ ? std::string_view(rep_->message) : std::string_view(); }
  std::string to_string() const;  // "code: message", or "ok"

 private:
  struct Rep {
    ErrorCode code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;  // null means ok: one pointer on the common path
};

// Stops the program with a message: somebody took the value of an answer that has none.
[[noreturn]] void die_of_missing_value(const Status& status) noexcept;

template <typename T>
class [[nodiscard]] Lookup {
 public:
  Lookup() noexcept = default;  // a miss
  Lookup(T value) : value_(std::move(value)) {}
  Lookup(Status error) : status_(std::move(error)) {}

  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  bool missing() const noexcept { return !has_value() && status_.ok(); }
  const Status& status() const noexcept { return status_; }

  // REQUIRES: has_value(). Checked.
  T& operator*() & { return require(); }
  const T& operator*() const& { return const_cast<Lookup*>(this)->require(); }
  // By value, so that what a temporary answer holds lives as long as the loop: for (auto one : *cache.lpop(key, 9)).
  // Not so ->, nor what is asked of the temporary: views of that are gone when the statement is.
  T operator*() && { return std::move(require()); }
  T* operator->() { return &require(); }
  const T* operator->() const { return &const_cast<Lookup*>(this)->require(); }
  T& value() & { return require(); }
  const T& value() const& { return **this; }
  T value() && { return std::move(require()); }

  template <typename U>
  T value_or(U&& fallback) const& {
    return has_value() ? *value_ : static_cast<T>(std::forward<U>(fallback));
  }
  template <typename U>
  T value_or(U&& fallback) && {
    return has_value() ? *std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }
  // Whether it is a value, and this one.
  friend bool operator==(const Lookup& lookup, const T& value) {
    return lookup.value_.has_value() && *lookup.value_ == value;
  }

 private:
  T& require() {
    if (!value_) die_of_missing_value(status_);
    return *value_;
  }
  std::optional<T> value_;
  Status status_;
};

// Not [[nodiscard]]: a cache may ignore that a write was refused.
template <typename T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status error) : status_(std::move(error)) {}  // REQUIRES: !error.ok()

  bool ok() const noexcept { return value_.has_value(); }
  // Not for a Result<bool>, where one would take "it worked" for "yes": ask ok(), or the value (*).
  explicit operator bool() const noexcept requires(!std::is_same_v<T, bool>) { return ok(); }
  const Status& status() const noexcept { return status_; }

  // REQUIRES: ok(). Checked.
  T& operator*() & { return require(); }
  const T& operator*() const& { return const_cast<Result*>(this)->require(); }
  T operator*() && { return std::move(require()); }  // by value, as above
  T* operator->() { return &require(); }
  const T* operator->() const { return &const_cast<Result*>(this)->require(); }
  T& value() & { return require(); }
  const T& value() const& { return **this; }
  T value() && { return std::move(require()); }

  template <typename U>
  T value_or(U&& fallback) const& {
    return ok() ? *value_ : static_cast<T>(std::forward<U>(fallback));
  }
  template <typename U>
  T value_or(U&& fallback) && {
    return ok() ? *std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }
  // Whether it worked, and the answer is this one.
  friend bool operator==(const Result& result, const T& value) {
    return result.value_.has_value() && *result.value_ == value;
  }

 private:
  T& require() {
    if (!value_) die_of_missing_value(status_);
    return *value_;
  }
  std::optional<T> value_;
  Status status_;
};

}  // namespace larder
