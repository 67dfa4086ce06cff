// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The control: does what a loop does around a cache, copying one value, and keeps nothing. Its row says what the
// harness costs, and its pauses are the machine's.
#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

class NoCache {
 public:
  explicit NoCache(const PeerSetup& setup) : kept_(value_of(setup.value_bytes)) { key_.reserve(kKeyBytes); }
  bool get(std::string_view key, std::string& value) {
    use_key(key);
    value.assign(kept_);
    return true;
  }
  void set(std::string_view key, std::string_view value) {
    key_.assign(key);
    kept_.assign(value);
    use(key_);
    use(kept_);
  }
  std::uint64_t entries() const { return 0; }

 private:
  static void use_key(std::string_view key) { asm volatile("" : : "r"(key.data()) : "memory"); }
  std::string key_;
  std::string kept_;
};

}  // namespace

std::unique_ptr<Contender> make_no_cache() {
  return std::make_unique<ContenderOf<NoCache>>(
      PeerFacts{.name = "no-cache", .policy = "none", .note = "the loop alone: the harness's own cost"});
}

}  // namespace larder::bench
