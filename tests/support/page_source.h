// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the pages of collections come from in tests: counted, and short of memory when that is asked for.
//
// Thread safety: the allocator's and the account's own; a PageSource is one thread's.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "collections/page_memory.h"
#include "larder/memory.h"
#include "memory/account.h"
#include "memory/blob.h"
#include "memory/limit.h"

namespace larder::support {

// The n-th allocation from now on fails, once.
class NthFails final : public Allocator {
 public:
  explicit NthFails(Allocator& allocator) : allocator_(allocator) {}
  ~NthFails() override = default;

  void fail_nth(std::uint64_t n) { until_failure_ = n; }
  // Whether it has failed since.
  bool failed() const { return until_failure_ == 0; }

  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    if (until_failure_ != kNever && until_failure_ != 0 && --until_failure_ == 0) return nullptr;
    return allocator_.allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    allocator_.deallocate(block, bytes, alignment);
  }
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    return allocator_.charge(bytes, alignment);
  }

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

 private:
  Allocator& allocator_;
  std::uint64_t until_failure_ = kNever;
};

// With its item. Null: no memory.
inline Blob* make_blob(memory::Account& account, std::string_view item) {
  const auto charge = static_cast<std::int64_t>(account.allocator().charge(Blob::block_bytes(item.size()), 16));
  if (!account.bytes().lease(charge)) return nullptr;
  Blob* blob = Blob::create(account, item.size(), item.size());
  if (blob == nullptr) {
    account.bytes().give_back(charge);
    return nullptr;
  }
  std::memcpy(blob->bytes(), item.data(), item.size());
  return blob;
}

// Gives each edit memory of its own, and keeps the sum of what they took.
class PageSource {
 public:
  static constexpr std::int64_t kPlenty = std::int64_t{1} << 50;

  explicit PageSource(memory::Account& account) : account_(&account) {}

  memory::Account& account() { return *account_; }
  // do(PageMemory&), with so many bytes.
  template <typename Do>
  auto edit(Do&& action, std::int64_t bytes = kPlenty) {
    collections::PageMemory memory(*account_, bytes);
    auto answer = std::forward<Do>(action)(memory);
    taken_ += bytes - memory.left();
    lacking_ = memory.lacking();
    return answer;
  }
  // By pages, and not given back yet.
  std::int64_t taken() const { return taken_; }
  // Whether the last edit asked for more than it had.
  bool lacking() const { return lacking_; }

 private:
  memory::Account* account_;
  std::int64_t taken_ = 0;
  bool lacking_ = false;
};

}  // namespace larder::support
