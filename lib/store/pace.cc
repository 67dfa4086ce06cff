// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "store/pace.h"

#include <algorithm>
#include <new>

namespace larder::store {
namespace {

Backoff backoff_of(const WriteBackOptions& options) {
  return {static_cast<std::uint64_t>(options.retry_first.count()),
          static_cast<std::uint64_t>(options.retry_most.count())};
}

// Nothing, if there is no memory for it.
Status copy_of(const Status& error) noexcept {
  try {
    return error;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace

Pace::Pace(const WriteBackOptions& options, std::uint64_t seed)
    : batch_max_(options.batch_max),
      backoff_(backoff_of(options)),
      breaker_(options.breaker_failures, backoff_, seed),
      rate_(options.rate_max),
      random_(seed + 1),
      batch_(options.batch_max) {}

std::size_t Pace::grant(std::uint64_t now_ms) {
  base::LeafLock lock(mutex_);
  const CircuitBreaker::May may = breaker_.ask(now_ms);
  if (may == CircuitBreaker::May::kNotYet) return 0;
  const auto granted = static_cast<std::size_t>(rate_.take(may == CircuitBreaker::May::kProbe ? 1 : batch_, now_ms));
  if (granted == 0) breaker_.not_called();
  return granted;
}

void Pace::correct(std::size_t granted, std::size_t went) noexcept {
  base::LeafLock lock(mutex_);
  rate_.correct(granted, went);
  if (went == 0) breaker_.not_called();
}

void Pace::learn(const Call& call) noexcept {
  base::LeafLock lock(mutex_);
  if (call.decided != 0) {
    batch_ = std::min(batch_max_, batch_ * 2);
    breaker_.succeeded();
  } else {
    if (call.count > 1 && !call.answered && call.divisible) {
      batch_ = static_cast<std::uint32_t>(std::max<std::size_t>(1, std::min<std::size_t>(call.count, batch_max_) / 2));
    }
    const bool its_own_fault = call.count == 1 && call.answered && call.failed_before;  // the store did answer
    its_own_fault && !breaker_.open() ? breaker_.not_called() : breaker_.failed(call.ended_ms);
  }
  if (call.error != nullptr) last_error_ = copy_of(*call.error);
}

void Pace::ask_again() noexcept {
  base::LeafLock lock(mutex_);
  breaker_.succeeded();
}

std::uint64_t Pace::wait_ms(std::uint32_t failures) noexcept {
  base::LeafLock lock(mutex_);
  return backoff_.wait_ms(std::max(failures, 1u), random_);
}

bool Pace::left_alone() const {
  base::LeafLock lock(mutex_);
  return breaker_.open();
}

Status Pace::last_error() const noexcept {
  base::LeafLock lock(mutex_);
  return copy_of(last_error_);
}

}  // namespace larder::store
