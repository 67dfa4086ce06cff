// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/endpoint.h"

#include <sys/un.h>

#include <new>
#include <utility>

#include "endpoint/event_loop.h"
#include "endpoint/listener.h"

namespace larder {
namespace {

// All that is wrong, in one text.
class Complaints {
 public:
  void add_if(bool wrong, std::string_view text) {
    if (wrong) text_ += (text_.empty() ? "endpoint: " : "; ") + std::string(text);
  }
  template <typename Number>
  void check(std::string_view name, Number number, Number least, Number most) {
    add_if(number < least || number > most, std::string("limits.") + std::string(name) + " is not from " +
                                                std::to_string(least) + " to " + std::to_string(most));
  }
  void check_time(std::string_view name, Milliseconds time) {
    constexpr std::int64_t kDay = 86'400'000;
    check(name, time.count(), std::int64_t{0}, 365 * kDay);
  }
  Status status() const { return text_.empty() ? Status() : Status(ErrorCode::kInvalidArgument, text_); }

 private:
  std::string text_;
};

void check_address(const EndpointOptions& options, Complaints* wrong) {
  wrong->add_if(!options.port && options.unix_socket.empty(), "neither port nor unix_socket is set: where to listen?");
  wrong->add_if(options.unix_socket.size() >= sizeof(sockaddr_un::sun_path), "unix_socket is longer than 107 bytes");
  wrong->add_if(options.unix_socket.find('\0') != std::string::npos, "unix_socket has a zero byte in it");
  if (!options.port) return;
  const std::string address = endpoint::numeric_address(options.bind);
  wrong->add_if(address.empty(), "bind is no IPv4 or IPv6 address");
  if (address.empty() || endpoint::is_loopback(address)) return;
  wrong->add_if(!options.allow_remote, "bind is no loopback address, and allow_remote (--allow-remote) is not set");
  wrong->add_if(options.password.empty(), "bind is no loopback address, and password (--requirepass) is not set");
}

void check_limits(const EndpointLimits& limits, Complaints* wrong) {
  wrong->check("connections_max", limits.connections_max, 1u, 1'000'000u);
  wrong->check("bulk_bytes_max", limits.bulk_bytes_max, 1_KiB, 512_MiB);
  wrong->check("arguments_max", limits.arguments_max, 16u, 1u << 24);
  wrong->check("request_bytes_max", limits.request_bytes_max, 1_KiB, 1_GiB);
  wrong->add_if(limits.request_bytes_max < limits.bulk_bytes_max,
                "limits.request_bytes_max is below limits.bulk_bytes_max");
  wrong->check("output_bytes_max", limits.output_bytes_max, 64_KiB, std::uint64_t{1} << 40);
  wrong->check("buffers_bytes_max", limits.buffers_bytes_max, 1_MiB, std::uint64_t{1} << 40);
  wrong->check("pipeline_max", limits.pipeline_max, 1u, 1'000'000u);
  wrong->check_time("idle_max", limits.idle_max);
  wrong->check_time("stall_max", limits.stall_max);
  wrong->check_time("authentication_max", limits.authentication_max);
  wrong->check("unauthenticated_bulk_bytes_max", limits.unauthenticated_bulk_bytes_max, 64_B, limits.bulk_bytes_max);
  wrong->check("unauthenticated_arguments_max", limits.unauthenticated_arguments_max, 4u, limits.arguments_max);
}

}  // namespace

Status EndpointOptions::validate() const {
  Complaints wrong;
  check_address(*this, &wrong);
  wrong.add_if(password.size() > 512, "password is longer than 512 bytes");
  check_limits(limits, &wrong);
  return wrong.status();
}

Endpoint::Endpoint(std::unique_ptr<endpoint::EventLoop> loop) noexcept : loop_(std::move(loop)) {}

Result<std::unique_ptr<Endpoint>> Endpoint::start(Cache& cache, const EndpointOptions& options) {
  if (Status status = options.validate(); !status.ok()) return status;
  try {
    auto loop = std::make_unique<endpoint::EventLoop>(cache, options);
    if (Status status = loop->open(); !status.ok()) return status;
    return std::unique_ptr<Endpoint>(new Endpoint(std::move(loop)));
  } catch (const std::bad_alloc&) {
    return Status(ErrorCode::kOutOfMemory, "endpoint: no memory for its tables");
  }
}

Endpoint::~Endpoint() = default;

std::uint16_t Endpoint::port() const noexcept { return loop_->port(); }

void Endpoint::stop() { loop_->stop(); }

}  // namespace larder
