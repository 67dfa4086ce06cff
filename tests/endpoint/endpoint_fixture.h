// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An endpoint on a unix socket of its own and on a free port, around a cache of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "larder/endpoint.h"
#include "servers/server_process.h"
#include "servers/wire_client.h"

namespace larder::endpoint {

using servers::request;
using servers::WireClient;
using Words = std::vector<std::string>;

inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
inline const std::string kOk = "+OK\r\n";
inline const std::string kPong = "+PONG\r\n";
inline const std::string kNil = "$-1\r\n";

class EndpointFixture : public testing::Test {
 protected:
  // What the tests below need: it writes, and reads as the cache does.
  static EndpointOptions open_options() {
    EndpointOptions options;
    options.port = 0;
    options.read_only = false;
    options.reads = EndpointOptions::Reads::kMark;
    return options;
  }

  void start(EndpointOptions options = open_options(), const Options& cache_options = {}) {
    endpoint_.reset();
    cache_ = std::make_unique<Cache>(cache_options);
    options.unix_socket = folder_.path() + "/endpoint.sock";
    auto endpoint = Endpoint::start(*cache_, options);
    ASSERT_TRUE(endpoint) << endpoint.status().to_string();
    endpoint_ = *std::move(endpoint);
    path_ = options.unix_socket;
  }
  void TearDown() override {
    endpoint_.reset();
    if (cache_ != nullptr) {
      EXPECT_EQ(cache_->check_invariants().to_string(), "ok");
    }
  }

  WireClient client() { return WireClient(path_); }
  // One command on a connection of its own.
  std::string call(const Words& words) { return client().call(words); }
  // A number that INFO tells.
  std::uint64_t info(std::string_view field) {
    const std::string text = call({"INFO", "everything"});
    const std::size_t at = text.find("\r\n" + std::string(field) + ":");
    return at == std::string::npos ? ~std::uint64_t{0} : std::stoull(text.substr(at + field.size() + 3));
  }

  servers::TemporaryFolder folder_{"endpoint"};
  std::string path_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<Endpoint> endpoint_;
};

}  // namespace larder::endpoint
