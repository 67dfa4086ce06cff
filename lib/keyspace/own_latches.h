// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Whether this thread runs a function that latches of a keyspace are held for: it must not wait for one of them.
#pragma once

namespace larder::keyspace {

class Keyspace;

class OwnLatches {
 public:
  explicit OwnLatches(const Keyspace& keyspace) noexcept : keyspace_(&keyspace), outer_(innermost()) {
    innermost() = this;
  }
  ~OwnLatches() { innermost() = outer_; }
  OwnLatches(const OwnLatches&) = delete;
  OwnLatches& operator=(const OwnLatches&) = delete;

  static bool of(const Keyspace& keyspace) noexcept {
    const OwnLatches* one = innermost();
    while (one != nullptr && one->keyspace_ != &keyspace) one = one->outer_;
    return one != nullptr;
  }

 private:
  static const OwnLatches*& innermost() noexcept {
    static thread_local const OwnLatches* one = nullptr;
    return one;
  }

  const Keyspace* const keyspace_;
  const OwnLatches* const outer_;
};

}  // namespace larder::keyspace
