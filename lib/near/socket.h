// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A socket to a Redis server that never waits by itself. hiredis parses what comes.
//
// Thread safety: one thread may send while another receives.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <string_view>

#include "larder/near_cache.h"
#include "stores/deadline.h"
#include "stores/redis/wire.h"

namespace larder::near {

using stores::Deadline;
using Batch = stores::redis::Commands;
using stores::redis::Reply;

class Socket {
 public:
  // Begins to connect. Of a host with several addresses, `attempt` says which. Null: `error` says why.
  static std::unique_ptr<Socket> begin(const NearCacheOptions& options, unsigned attempt, std::string* error);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  // What came of the attempt to connect, once something can be sent. Empty: it is connected.
  std::string outcome() const;
  // Until one of these events, or the deadline: false.
  bool wait(short events, const Deadline& deadline) const noexcept;
  // The other end has closed.
  bool hung_up() const noexcept;
  // Sends what is taken now, and removes it from `bytes`. False: it has ended.
  bool send(std::string_view* bytes) noexcept;
  // Takes what has come now, up to some 64 KiB. kEnd: it has ended, or what comes is no Redis.
  enum class Received : std::uint8_t { kNothing, kSome, kEnd };
  Received receive() noexcept;
  // The next reply of what has come. Null: it is not complete; or broken: then nothing more comes of it.
  Reply next() noexcept;
  // Ends it, and wakes whoever waits for it.
  void shut() noexcept;

 private:
  struct Close {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  explicit Socket(int descriptor);

  const int descriptor_;
  const std::unique_ptr<redisReader, Close> reader_;
  bool broken_ = false;
};

}  // namespace larder::near
