// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The loops, for any peer. A peer is a class with these members, called with nothing virtual in between:
//
//     explicit Peer(const PeerSetup&);
//     bool get(std::string_view key, std::string& value);         // copies into value, which is reused
//     void set(std::string_view key, std::string_view value);
//     std::uint64_t entries() const;
//     std::size_t get_batch(const KeySpan& keys, std::array<std::string, kBatchKeys>& values);   // optional
//     void tighten(std::uint64_t entries);                                                   // optional
//     std::uint64_t bytes_used() const;                                                      // optional
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "bench/peers/contender.h"

namespace larder::bench {

// Makes the compiler believe that the bytes are looked at.
inline void use(const std::string& value) { asm volatile("" : : "r"(value.data()) : "memory"); }

// Waits until everything before it has its answer from memory, as far as the processor has a word for that.
inline void wait_for_memory() {
#if defined(__x86_64__)
  asm volatile("lfence" : : : "memory");
#elif defined(__aarch64__)
  asm volatile("dsb ld\n\tisb" : : : "memory");
#endif
}

template <typename Peer>
class ContenderOf final : public Contender {
 public:
  using Make = std::function<std::unique_ptr<Peer>(const PeerSetup&)>;

  explicit ContenderOf(
      PeerFacts facts, Make make = [](const PeerSetup& setup) { return std::make_unique<Peer>(setup); })
      : facts_(std::move(facts)), make_(std::move(make)) {
    facts_.batches = kBatches;
  }

  const PeerFacts& facts() const override { return facts_; }
  void open(const PeerSetup& setup) override { peer_ = make_(setup); }
  void close() override { peer_.reset(); }

  std::uint64_t run(Work work, Pace pace, KeySpan keys, std::string_view value) override {
    return pace == Pace::kOneByOne ? run_at<Pace::kOneByOne>(work, keys, value)
                                   : run_at<Pace::kOverlapped>(work, keys, value);
  }

  void run_timed(KeySpan keys, std::string_view value, PauseRecorder& pauses) override {
    for (std::size_t i = 0; i < keys.count; ++i) {
      pauses.begin();
      peer_->set(keys[i], value);
      pauses.end();
    }
  }

  void tighten(std::uint64_t entries) override {
    if constexpr (requires { peer_->tighten(entries); }) peer_->tighten(entries);
  }
  std::uint64_t entries() const override { return peer_->entries(); }
  std::uint64_t bytes_used() const override {
    if constexpr (requires { peer_->bytes_used(); }) return peer_->bytes_used();
    return 0;
  }

  std::string check() override {
    open({.entries = 10'000, .value_bytes = 32});
    std::string wrong = check_answers();
    close();
    return wrong;
  }

 private:
  using BatchValues = std::array<std::string, kBatchKeys>;
  static constexpr bool kBatches = requires(Peer & peer, const KeySpan& keys, BatchValues& values) {
    peer.get_batch(keys, values);
  };

  template <Pace kPace>
  std::uint64_t run_at(Work work, KeySpan keys, std::string_view value) {
    switch (work) {
      case Work::kGet: return get<kPace>(keys);
      case Work::kGetBatch: return get_batch<kPace>(keys);
      case Work::kSet: return set<kPace>(keys, value);
      case Work::kReadThrough: return read_through<kPace>(keys, value);
      case Work::kMix: return mix<kPace>(keys, value);
    }
    return 0;
  }

  template <Pace kPace>
  static void end_of_call() {
    if constexpr (kPace == Pace::kOneByOne) wait_for_memory();
  }
  template <Pace kPace, typename Operation>
  static void for_each(KeySpan keys, Operation&& operation) {
    for (std::size_t i = 0; i < keys.count; ++i) {
      operation(keys[i]);
      end_of_call<kPace>();
    }
  }

  template <Pace kPace>
  std::uint64_t get(KeySpan keys) {
    std::string value;
    std::uint64_t found = 0;
    for_each<kPace>(keys, [&](std::string_view key) {
      found += peer_->get(key, value) ? 1 : 0;
      use(value);
    });
    return found;
  }

  template <Pace kPace>
  std::uint64_t get_batch(KeySpan keys) {
    if constexpr (kBatches) {
      BatchValues values;
      std::uint64_t found = 0;
      for (std::size_t i = 0; i + kBatchKeys <= keys.count; i += kBatchKeys) {
        found += peer_->get_batch(keys.part(i, kBatchKeys), values);
        use(values[0]);
        end_of_call<kPace>();
      }
      return found;
    } else {
      return get<kPace>(keys);
    }
  }

  template <Pace kPace>
  std::uint64_t set(KeySpan keys, std::string_view value) {
    for_each<kPace>(keys, [&](std::string_view key) { peer_->set(key, value); });
    return 0;
  }

  template <Pace kPace>
  std::uint64_t read_through(KeySpan keys, std::string_view loaded) {
    std::string value;
    std::uint64_t found = 0;
    for_each<kPace>(keys, [&](std::string_view key) {
      if (peer_->get(key, value)) {
        ++found;
        use(value);
      } else {
        peer_->set(key, loaded);
      }
    });
    return found;
  }

  template <Pace kPace>
  std::uint64_t mix(KeySpan keys, std::string_view value_set) {
    std::string value;
    std::uint64_t found = 0;
    std::size_t until_set = 20;
    for_each<kPace>(keys, [&](std::string_view key) {
      if (--until_set == 0) {
        until_set = 20;
        peer_->set(key, value_set);
        ++found;
      } else {
        found += peer_->get(key, value) ? 1 : 0;
        use(value);
      }
    });
    return found;
  }

  std::string check_answers() {
    std::uint64_t id = 0;
    const KeySequence there(10 * kBatchKeys, [&] { return id++; });
    const KeySequence missing(10 * kBatchKeys, [&] { return id++; });
    std::string value;
    for (const char* wanted : {"first", "a second value, longer than the first one"}) {
      set<Pace::kOverlapped>(there.all(), wanted);
      for (std::size_t i = 0; i < there.size(); ++i) {
        if (!peer_->get(there.all()[i], value)) return "does not find a key that was set";
        if (value != wanted) return "does not answer what was set last, but '" + value + "'";
      }
      if (get_batch<Pace::kOverlapped>(there.all()) != there.size()) return "does not find all keys of a batch";
      if (get<Pace::kOverlapped>(missing.all()) != 0) return "finds a key that was never set";
    }
    if constexpr (kBatches) {
      BatchValues values;
      peer_->get_batch(there.all().part(0, kBatchKeys), values);
      if (values[kBatchKeys - 1] != value) return "does not answer the same in a batch";
    }
    if (peer_->entries() != there.size()) return "counts " + std::to_string(peer_->entries()) + " entries";
    return {};
  }

  PeerFacts facts_;
  Make make_;
  std::unique_ptr<Peer> peer_;
};

}  // namespace larder::bench
