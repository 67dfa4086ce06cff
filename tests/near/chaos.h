// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Readers through a near cache and writers past it, while something goes wrong. Each key has versions that grow; when a
// version was acknowledged is remembered, so a read that began later and brought an older one was stale, by so long.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "larder/status.h"
#include "servers/redis_server.h"
#include "servers/wire_client.h"
#include "support/wait_until.h"

namespace larder::near {

using namespace std::chrono_literals;

// What is tried: something that reads a key.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Lookup<std::string> get(const std::string& key) = 0;
  virtual bool connected() = 0;
};

struct ChaosReport {
  std::uint64_t reads = 0;
  std::uint64_t errors = 0;
  std::uint64_t writes = 0;
  std::uint64_t back = 0;           // reads of an older version than the same reader had seen
  std::uint64_t never_written = 0;  // reads of what nobody has written
  std::uint64_t stale_at_the_end = 0;
  std::chrono::milliseconds stalest{0};
  std::chrono::milliseconds slowest{0};       // call
  std::chrono::milliseconds until_served{0};  // since the fault has ended
};

class Chaos {
 public:
  Chaos(servers::RedisServer& server, Reader& reader, std::uint64_t seed)
      : server_(server), reader_(reader), seed_(seed) {}

  // `fault` does its worst, and returns when that has ended.
  ChaosReport run(const std::function<void()>& fault, std::chrono::milliseconds calm = 100ms) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kWriters; ++i) threads.emplace_back([this, i] { write(i); });
    for (std::size_t i = 0; i < kReaders; ++i) threads.emplace_back([this, i] { read(i); });
    std::this_thread::sleep_for(calm);
    fault();
    const Time ended = now();
    support::wait_until([&] { return reader_.connected(); });
    report_.until_served = std::chrono::duration_cast<std::chrono::milliseconds>(now() - ended);
    std::this_thread::sleep_for(calm);
    stop_writing_ = true;
    for (std::size_t i = 0; i < kWriters; ++i) threads[i].join();
    std::this_thread::sleep_for(calm);
    stop_reading_ = true;
    threads.clear();
    compare();
    return report_;
  }

  // Nobody writes until it goes on, and all keys are read: nobody has to ask the server for anything then.
  void pause_writing() {
    pauses_ = true;
    std::this_thread::sleep_for(50ms);  // what is under way, and its reports
    for (std::uint32_t i = 0; i < kKeys; ++i) reader_.get(name(i)).status();
  }
  void go_on_writing() { pauses_ = false; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kWriters = 2;
  static constexpr std::size_t kReaders = 3;
  static constexpr std::uint32_t kKeys = 100;
  static constexpr std::uint64_t kRemembered = 1 << 12;  // versions of a key

  struct Key {
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> acknowledged{0};
    std::vector<std::atomic<Time::rep>> when = std::vector<std::atomic<Time::rep>>(kRemembered);
  };

  static Time now() { return std::chrono::steady_clock::now(); }
  static std::string name(std::uint32_t key) { return "key:" + std::to_string(key); }

  // Each writer has keys of its own.
  void write(std::size_t writer) {
    base::Random random(seed_ + writer);
    std::optional<servers::WireClient> client;
    while (!stop_writing_) {
      if (pauses_) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      const auto number = static_cast<std::uint32_t>(random.below(kKeys / kWriters) * kWriters + writer);
      Key& key = keys_[number];
      if (!client || !client->connected()) client.emplace(server_.socket_path());
      const std::uint64_t version = ++key.begun;
      if (client->call({"SET", name(number), std::to_string(version)}) != "+OK\r\n") {
        client.reset();
        std::this_thread::sleep_for(1ms);
        continue;  // it may have been written, or not: the next version says
      }
      key.when[version % kRemembered] = now().time_since_epoch().count();
      key.acknowledged = version;
      ++writes_;
      if (random.below(4) == 0) std::this_thread::sleep_for(100us);
    }
  }

  void read(std::size_t reader) {
    base::Random random(seed_ + 100 + reader);
    std::array<std::uint64_t, kKeys> seen{};
    ChaosReport mine;
    while (!stop_reading_) {
      // A few keys are read much.
      const auto number = static_cast<std::uint32_t>(random.below(random.below(kKeys) + 1));
      const Key& key = keys_[number];
      const Time begin = now();
      const Lookup<std::string> got = reader_.get(name(number));
      const Time end = now();
      ++mine.reads;
      mine.slowest = std::max(mine.slowest, std::chrono::duration_cast<std::chrono::milliseconds>(end - begin));
      if (!got.status().ok()) {
        ++mine.errors;
        std::this_thread::sleep_for(1ms);
      }
      if (!got) continue;  // not yet, or lost with the server
      const std::uint64_t version = std::stoull(*got);
      mine.never_written += version > key.begun;
      mine.back += version < seen[number];
      seen[number] = std::max(seen[number], version);
      if (key.acknowledged <= version) continue;
      const Time::rep when = key.when[(version + 1) % kRemembered];
      if (when == 0) continue;  // that one was not acknowledged
      const auto stale = begin.time_since_epoch() - Time::duration(when);
      mine.stalest = std::max(mine.stalest, std::chrono::duration_cast<std::chrono::milliseconds>(stale));
    }
    const std::lock_guard lock(mutex_);
    report_.reads += mine.reads;
    report_.errors += mine.errors;
    report_.back += mine.back;
    report_.never_written += mine.never_written;
    report_.stalest = std::max(report_.stalest, mine.stalest);
    report_.slowest = std::max(report_.slowest, mine.slowest);
  }

  void compare() {
    report_.writes = writes_;
    servers::WireClient client(server_.socket_path());
    for (std::uint32_t i = 0; i < kKeys; ++i) {
      const std::string there = client.call({"GET", name(i)});
      const Lookup<std::string> here = reader_.get(name(i));
      const std::string shown = here ? "$" + std::to_string(here->size()) + "\r\n" + *here + "\r\n" : "$-1\r\n";
      report_.stale_at_the_end += !here.status().ok() || shown != there;
    }
  }

  servers::RedisServer& server_;
  Reader& reader_;
  const std::uint64_t seed_;
  std::array<Key, kKeys> keys_;
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<bool> stop_writing_{false}, stop_reading_{false}, pauses_{false};
  std::mutex mutex_;
  ChaosReport report_;
};

}  // namespace larder::near
