// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// As much of a Redis client as the tests need: RESP2 over a unix socket, one command, one reply.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::differential {

struct Reply {
  enum class Kind : std::uint8_t { kStatus, kError, kInteger, kText, kNil, kList, kBroken };
  Kind kind = Kind::kBroken;  // broken: the connection is gone
  std::int64_t integer = 0;
  std::string text = {};  // of a status, an error, a text; what is wrong with the connection
  std::vector<Reply> list = {};

  bool is_error() const { return kind == Kind::kError; }
};
std::string printable(const Reply& reply);

class RespClient {
 public:
  explicit RespClient(const std::string& socket_path);
  ~RespClient();
  RespClient(const RespClient&) = delete;
  RespClient& operator=(const RespClient&) = delete;

  Reply call(const std::vector<std::string>& words);

 private:
  bool send_all(std::string_view bytes);
  bool receive_more();
  bool take_line(std::string& line);
  bool take_bytes(std::size_t count, std::string& bytes);
  Reply take_reply();

  int socket_ = -1;
  std::string received_;
  std::size_t taken_ = 0;
};

}  // namespace larder::differential
