// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A window into the cache of a running program: what speaks Redis's protocol (redis-cli, dashboards, client libraries)
// can look into it. In a library of its own, larder::endpoint. What it answers, and what differs from Redis, stands in
// docs/endpoint.md.
//
//     auto window = larder::Endpoint::start(cache, {.unix_socket = "/run/app/cache.sock"});
//
// Without being asked for more it only reads, leaves no trace in the cache (see read_view.h), and lets nobody in from
// another machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "larder/clock.h"
#include "larder/fwd.h"
#include "larder/memory.h"
#include "larder/status.h"

namespace larder {

namespace endpoint {
class EventLoop;
}

// How much of this program's memory and time clients may take. Memory is taken for bytes that have come, never for
// what a client claims is to come. Who breaks a limit is told, where there is somebody to be told, and cut off.
struct EndpointLimits {
  std::uint32_t connections_max = 1'000;         // 1 to 1,000,000. More are told so and closed
  std::uint64_t bulk_bytes_max = 64_MiB;         // of one argument: 1 KiB to 512 MiB
  std::uint32_t arguments_max = 1u << 20;        // of one request, its name among them: 16 to 16,777,216
  std::uint64_t request_bytes_max = 128_MiB;     // of one request in all: at least bulk_bytes_max, at most 1 GiB
  std::uint64_t output_bytes_max = 64_MiB;       // of what waits for one client; what the cache keeps is not counted
  std::uint64_t buffers_bytes_max = 256_MiB;     // of all that is buffered for all clients together
  std::uint32_t pipeline_max = 1'024;            // commands of one client in a row before others have their turn
  Milliseconds idle_max{std::chrono::hours(1)};  // a client that sends nothing for so long is closed. Zero: never
  Milliseconds stall_max{30'000};                // so is one that takes nothing of what waits for it
  Milliseconds authentication_max{10'000};       // and one that has to say a password and does not
  std::uint64_t unauthenticated_bulk_bytes_max = 16_KiB;  // what comes before that
  std::uint32_t unauthenticated_arguments_max = 10;
};

struct EndpointOptions {
  std::optional<std::uint16_t> port = {};  // TCP. 0: any that is free, see Endpoint::port. No value: no TCP
  std::string bind = "127.0.0.1";          // the address, IPv4 or IPv6. Not a loopback one: see allow_remote
  // Let other machines in: only with a password.
  bool allow_remote = false;
  // The path of a unix socket, made with mode 0600. Empty: none. A socket that nobody listens at any more is replaced.
  std::string unix_socket = {};
  std::string password = {};  // of the user "default". Empty: none is asked for
  bool read_only = true;      // commands that write are refused
  enum class Reads : std::uint8_t {
    kLook,  // reads mark no use, and a store behind the cache is not asked
    kMark,  // reads are those of the cache itself: they mark use, and load what a store has
  };
  Reads reads = Reads::kLook;
  bool debug_commands = false;  // DEBUG, for tests
  EndpointLimits limits = {};

  // Says all that is wrong with these options in one message (kInvalidArgument), or ok.
  Status validate() const;
};

// Thread safety: every function may be called by any thread at any time; the destructor must be alone.
//
// It has one thread, which waits for the network and runs the commands. What may take long runs on the threads of
// libuv's pool (four, if UV_THREADPOOL_SIZE does not say otherwise), while other clients go on: KEYS, LCS, BITOP,
// FLUSHALL, and all that may wait for a store behind the cache. User code (a removal listener, a store) runs on them as
// on any thread that uses the cache. No signal handlers are installed, and signals are blocked on its threads.
class Endpoint final {
 public:
  // Listens when this returns. The cache must outlive the endpoint. kInvalidArgument for options that make no sense, or
  // an address or path that cannot be had.
  static Result<std::unique_ptr<Endpoint>> start(Cache& cache, const EndpointOptions& options);
  // Stops.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // The port that it listens at; 0: no TCP.
  std::uint16_t port() const noexcept;
  // Closes all connections, and waits for commands that are under way, in a store for example. May be called twice.
  // Called by user code that a command runs, it does not wait: the endpoint stops when that has returned.
  void stop();

 private:
  explicit Endpoint(std::unique_ptr<endpoint::EventLoop> loop) noexcept;
  std::unique_ptr<endpoint::EventLoop> loop_;
};

}  // namespace larder
